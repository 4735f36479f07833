package broker_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func deleteTopic(ctx context.Context, t testing.TB, cl *kgo.Client, topic string) {
	t.Helper()
	req := kmsg.NewDeleteTopicsRequest()
	req.TopicNames = []string{topic}
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = &topic
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsEverCompacted(t *testing.T) {
	forever := map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
	for name, c := range map[string]struct {
		ask  func(ctx context.Context, t *testing.T, cl *kgo.Client)
		want map[string]string
	}{
		"created so": {func(ctx context.Context, t *testing.T, cl *kgo.Client) {
			createTopic(ctx, t, cl, "t", 1, map[string]string{"cleanup.policy": "compact"})
		}, forever},
		"created so, with a retention": {func(ctx context.Context, t *testing.T, cl *kgo.Client) {
			createTopic(ctx, t, cl, "t", 1, map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "5"})
		}, map[string]string{"cleanup.policy": "delete", "retention.ms": "5"}},
		"altered": {func(ctx context.Context, t *testing.T, cl *kgo.Client) {
			createTopic(ctx, t, cl, "t", 1, nil)
			req := kmsg.NewAlterConfigsRequest()
			req.Resources = []kmsg.AlterConfigsRequestResource{{
				ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: "t",
				Configs: []kmsg.AlterConfigsRequestResourceConfig{{Name: "cleanup.policy", Value: new("compact")}},
			}}
			if _, err := req.RequestWith(ctx, cl); err != nil {
				t.Fatal(err)
			}
		}, forever},
		"altered by one word": {func(ctx context.Context, t *testing.T, cl *kgo.Client) {
			createTopic(ctx, t, cl, "t", 1, map[string]string{"retention.ms": "5"})
			alterOne(ctx, t, cl, "t", kmsg.IncrementalAlterConfigOpSet)
		}, forever},
		"appended to the list": {func(ctx context.Context, t *testing.T, cl *kgo.Client) {
			createTopic(ctx, t, cl, "t", 1, map[string]string{"cleanup.policy": "delete", "retention.ms": "5"})
			alterOne(ctx, t, cl, "t", kmsg.IncrementalAlterConfigOpAppend)
		}, forever},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := testContext(t), t.TempDir()
			b := start(t, config(dir, "127.0.0.1:0"))
			cl := client(t, b.Addr())
			c.ask(ctx, t, cl)
			if got := topicConfigs(ctx, t, cl, "t"); !cmp.Equal(got, c.want) {
				t.Error(cmp.Diff(c.want, got))
			}
		})
	}
}

func alterOne(ctx context.Context, t *testing.T, cl *kgo.Client, topic string, op kmsg.IncrementalAlterConfigOp) {
	t.Helper()
	req := kmsg.NewIncrementalAlterConfigsRequest()
	req.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{
		ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: topic,
		Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "cleanup.policy", Op: op, Value: new("compact")}},
	}}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.Resources[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}

func TestRequestsThatLoseRecordsAreRefused(t *testing.T) {
	const broker = kmsg.ConfigResourceTypeBroker
	for name, ask := range map[string]func(ctx context.Context, cl *kgo.Client) (int16, error){
		"deleting records": func(ctx context.Context, cl *kgo.Client) (int16, error) {
			req := kmsg.NewDeleteRecordsRequest()
			req.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: -1}}}}
			resp, err := req.RequestWith(ctx, cl)
			if err != nil {
				return 0, err
			}
			return resp.Topics[0].Partitions[0].ErrorCode, nil
		},
		"configuring the broker": func(ctx context.Context, cl *kgo.Client) (int16, error) {
			req := kmsg.NewIncrementalAlterConfigsRequest()
			req.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: broker, ResourceName: "0"}}
			resp, err := req.RequestWith(ctx, cl)
			if err != nil {
				return 0, err
			}
			return resp.Resources[0].ErrorCode, nil
		},
		"configuring the broker the old way": func(ctx context.Context, cl *kgo.Client) (int16, error) {
			req := kmsg.NewAlterConfigsRequest()
			req.Resources = []kmsg.AlterConfigsRequestResource{{ResourceType: broker, ResourceName: "0"}}
			resp, err := req.RequestWith(ctx, cl)
			if err != nil {
				return 0, err
			}
			return resp.Resources[0].ErrorCode, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			b := start(t, config(t.TempDir(), "127.0.0.1:0"))
			cl := client(t, b.Addr())
			createTopic(ctx, t, cl, "t", 1, nil)
			produce(ctx, t, cl, "t", 0, "kept")
			for range 2 { // the refusal does not wear off
				code, err := ask(ctx, cl)
				if err != nil || code != kerr.PolicyViolation.Code {
					t.Errorf("got %v, %v; want a policy violation", kerr.ErrorForCode(code), err)
				}
			}
			if got := values(ctx, t, b.Addr(), "t", 0); len(got) != 1 {
				t.Errorf("%d records are left, want 1", len(got))
			}
		})
	}
}

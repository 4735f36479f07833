package kafka_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// A broker learns of a topic after the controller has made it: whoever asks it
// in between is told that there is none.
func TestANewTopicIsWaitedForOnEveryBroker(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer *kerr.Error
	}{
		{name: "made by this call"},
		{name: "made by another process a moment ago", answer: kerr.TopicAlreadyExists},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, cfg := fakeCluster(t, kfake.NumBrokers(3), kfake.SeedTopics(2, "another"))
			made, slow := false, map[int32]int{0: 3, 1: 3, 2: 3}
			c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
				made = true
				if tt.answer == nil {
					return nil, nil, false
				}
				answer := r.ResponseKind().(*kmsg.CreateTopicsResponse)
				refused := kmsg.NewCreateTopicsResponseTopic()
				refused.Topic, refused.ErrorCode = "another", tt.answer.Code
				answer.Topics = append(answer.Topics, refused)
				return answer, nil, true
			})
			c.ControlKey(int16(kmsg.Metadata), func(r kmsg.Request) (kmsg.Response, error, bool) {
				asked := r.(*kmsg.MetadataRequest).Topics
				node := c.CurrentNode()
				if len(asked) != 1 || made && slow[node] == 0 || !made && tt.answer == nil {
					return nil, nil, false
				}
				c.KeepControl()
				if made {
					slow[node]--
				}
				return unknown(r, asked[0].Topic), nil, true
			})
			topic := "made"
			if tt.answer != nil {
				topic = "another"
			}
			got, err := admin(t, cfg).EnsureTopics(t.Context(), []kafka.TopicSpec{{Name: topic, Partitions: 2}})
			if err != nil || len(got) != 1 || len(got[0].Mismatches) != 0 {
				t.Fatalf("%+v, %v", got, err)
			}
			if left := slices.Max([]int{slow[0], slow[1], slow[2]}); left != 0 {
				t.Errorf("a broker still says that there is no such topic, %d times", left)
			}
		})
	}
}

func unknown(r kmsg.Request, topic *string) kmsg.Response {
	answer := r.ResponseKind().(*kmsg.MetadataResponse)
	none := kmsg.NewMetadataResponseTopic()
	none.Topic, none.ErrorCode = topic, kerr.UnknownTopicOrPartition.Code
	answer.Topics = append(answer.Topics, none)
	return answer
}

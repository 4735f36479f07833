package broker

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	cleanup        = "cleanup.policy"
	compact        = "compact"
	retentionMs    = "retention.ms"
	retentionBytes = "retention.bytes"
	keepForever    = "-1"
)

// policy stands between clients and kfake: it changes or refuses the few
// requests after which an acknowledged record could be lost.
type policy struct {
	layout
	cluster *kfake.Cluster
	stager  *stager
	log     *slog.Logger
	fail    func(error)
	// draining is set when kfake must not carry anything out any more.
	draining *atomic.Bool
}

func (p *policy) install() {
	for key, fn := range map[kmsg.Key]func(kmsg.Request) kmsg.Response{
		kmsg.CreateTopics:            p.createTopics,
		kmsg.AlterConfigs:            p.alterConfigs,
		kmsg.IncrementalAlterConfigs: p.incrementalAlterConfigs,
		kmsg.DeleteRecords:           p.deleteRecords,
		kmsg.DeleteTopics:            p.deleteTopics,
		kmsg.InitProducerID:          p.initProducer,
		kmsg.TxnOffsetCommit:         p.txnOffsets,
		kmsg.EndTxn:                  p.endTxn,
	} {
		p.cluster.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := fn(req)
			if p.draining.Load() { // asked last: fn may be what failed
				p.cluster.KeepControl()
				return nil, errClosing, true
			}
			if resp == nil {
				return nil, nil, false
			}
			p.cluster.KeepControl()
			return resp, nil, true
		})
	}
}

// neverCompact turns compaction off in a topic's configs and tells whether it
// was on. kfake compacts by deleting the segments and then writing new ones;
// a crash between the two loses the topic. What would have been compacted is
// kept for ever instead, which readers of compacted topics must expect anyway.
func neverCompact(configs map[string]string) bool {
	value := configs[cleanup]
	if !strings.Contains(value, compact) {
		return false
	}
	configs[cleanup] = "delete"
	if !strings.Contains(value, "delete") {
		configs[retentionMs], configs[retentionBytes] = keepForever, keepForever
	}
	return true
}

func (p *policy) createTopics(req kmsg.Request) kmsg.Response {
	create := req.(*kmsg.CreateTopicsRequest)
	for i := range create.Topics {
		t := &create.Topics[i]
		configs := map[string]string{}
		for _, c := range t.Configs {
			if c.Value != nil {
				configs[c.Name] = *c.Value
			}
		}
		if !neverCompact(configs) {
			continue
		}
		p.warnCompact(t.Topic)
		t.Configs = t.Configs[:0]
		for _, name := range sortedKeys(configs) {
			t.Configs = append(t.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: name, Value: new(configs[name])})
		}
	}
	return nil
}

func (p *policy) alterConfigs(req kmsg.Request) kmsg.Response {
	alter := req.(*kmsg.AlterConfigsRequest)
	for i := range alter.Resources {
		r := &alter.Resources[i]
		if r.ResourceType == kmsg.ConfigResourceTypeBroker {
			return refuseAlter(alter)
		}
		configs := map[string]string{}
		for _, c := range r.Configs {
			if c.Value != nil {
				configs[c.Name] = *c.Value
			}
		}
		if !neverCompact(configs) {
			continue
		}
		p.warnCompact(r.ResourceName)
		r.Configs = r.Configs[:0]
		for _, name := range sortedKeys(configs) {
			r.Configs = append(r.Configs, kmsg.AlterConfigsRequestResourceConfig{Name: name, Value: new(configs[name])})
		}
	}
	return nil
}

func (p *policy) incrementalAlterConfigs(req kmsg.Request) kmsg.Response {
	alter := req.(*kmsg.IncrementalAlterConfigsRequest)
	for i := range alter.Resources {
		r := &alter.Resources[i]
		if r.ResourceType == kmsg.ConfigResourceTypeBroker {
			return refuseIncremental(alter)
		}
		at := slices.IndexFunc(r.Configs, func(c kmsg.IncrementalAlterConfigsRequestResourceConfig) bool {
			return c.Name == cleanup && c.Value != nil && strings.Contains(*c.Value, compact)
		})
		if at < 0 {
			continue
		}
		p.warnCompact(r.ResourceName)
		configs := map[string]string{cleanup: *r.Configs[at].Value}
		neverCompact(configs)
		r.Configs = slices.DeleteFunc(r.Configs, func(c kmsg.IncrementalAlterConfigsRequestResourceConfig) bool {
			_, ours := configs[c.Name]
			return ours
		})
		for _, name := range sortedKeys(configs) {
			r.Configs = append(r.Configs, kmsg.IncrementalAlterConfigsRequestResourceConfig{
				Name: name, Op: kmsg.IncrementalAlterConfigOpSet, Value: new(configs[name]),
			})
		}
	}
	return nil
}

func (p *policy) warnCompact(topic string) {
	p.log.Warn("the embedded broker compacts nothing: the topic keeps every record instead", "topic", topic)
}

const (
	brokerConfigs = "the embedded broker's own configuration is fixed; use a Kafka cluster to change it"
	trimming      = "the embedded broker removes records by retention only; set retention.ms or delete the topic"
)

func refuseAlter(req *kmsg.AlterConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.AlterConfigsResponse)
	for _, r := range req.Resources {
		resp.Resources = append(resp.Resources, kmsg.AlterConfigsResponseResource{
			ErrorCode: kerr.PolicyViolation.Code, ErrorMessage: new(brokerConfigs), ResourceType: r.ResourceType, ResourceName: r.ResourceName,
		})
	}
	return resp
}

func refuseIncremental(req *kmsg.IncrementalAlterConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
	for _, r := range req.Resources {
		resp.Resources = append(resp.Resources, kmsg.IncrementalAlterConfigsResponseResource{
			ErrorCode: kerr.PolicyViolation.Code, ErrorMessage: new(brokerConfigs), ResourceType: r.ResourceType, ResourceName: r.ResourceName,
		})
	}
	return resp
}

// deleteRecords refuses: kfake forgets in a crash how far it deleted, and
// where it deleted everything it forgets the offsets as well.
func (p *policy) deleteRecords(req kmsg.Request) kmsg.Response {
	trim := req.(*kmsg.DeleteRecordsRequest)
	resp := trim.ResponseKind().(*kmsg.DeleteRecordsResponse)
	for _, t := range trim.Topics {
		rt := kmsg.NewDeleteRecordsResponseTopic()
		rt.Topic = t.Topic
		for _, part := range t.Partitions {
			rp := kmsg.NewDeleteRecordsResponseTopicPartition()
			rp.Partition, rp.ErrorCode, rp.LowWatermark = part.Partition, kerr.PolicyViolation.Code, -1
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	p.log.Warn(trimming)
	return resp
}

// deleteTopics notes what is deleted: kfake removes the files first and the
// name after, in an order of its own.
func (p *policy) deleteTopics(req kmsg.Request) kmsg.Response {
	del := req.(*kmsg.DeleteTopicsRequest)
	var file topicsFile
	if _, err := loadJSON(p.topics(), &file); err != nil {
		p.fail(fmt.Errorf("note topics to delete: %w", err))
		return nil
	}
	var refs []topicRef
	for _, t := range file.Topics {
		if asksFor(del, t) {
			refs = append(refs, topicRef{Name: t.Name, ID: t.ID})
		}
	}
	if err := replaceJSON(p.deleting(), refs); err != nil {
		p.fail(fmt.Errorf("note topics to delete: %w", err))
	}
	return nil
}

func (p *policy) initProducer(req kmsg.Request) kmsg.Response {
	if txn := req.(*kmsg.InitProducerIDRequest).TransactionalID; txn != nil {
		p.stager.forget(*txn)
	}
	return nil
}

func (p *policy) txnOffsets(req kmsg.Request) kmsg.Response {
	p.stager.stage(req.(*kmsg.TxnOffsetCommitRequest))
	return nil
}

func (p *policy) endTxn(req kmsg.Request) kmsg.Response {
	end := req.(*kmsg.EndTxnRequest)
	if err := p.stager.end(end); err != nil {
		p.fail(fmt.Errorf("note the end of a transaction: %w", err))
	}
	return nil
}

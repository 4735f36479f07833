package engine

import (
	"strconv"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TopicInfo describes one topic of a configuration, for people.
type TopicInfo struct {
	Topic     string `json:"topic"`
	Key       string `json:"key"`
	Value     string `json:"value"`
	For       string `json:"for"`
	Pipeline  string `json:"pipeline"`
	compacted bool
}

// Topics lists every topic the plan reads or writes, in the order in which a
// webhook meets them.
func (p *Plan) Topics() []TopicInfo {
	var list []TopicInfo
	seen := map[string]bool{}
	for _, pl := range p.Pipelines {
		for _, t := range pl.infos() {
			if !seen[t.Topic] {
				seen[t.Topic] = true
				t.Pipeline = pl.Name
				list = append(list, t)
			}
		}
	}
	return list
}

func (p PlannedPipeline) infos() []TopicInfo {
	var list []TopicInfo
	for i, s := range p.Segments {
		if s.To != "" {
			list = append(list, p.between(i, s)...)
		}
	}
	perSourceLookups := perSource(p.Output(pipeline.Lookups), p.Sources)
	list = append(list,
		TopicInfo{Topic: p.Output(pipeline.Events), Key: "booking id", Value: "booking event, JSON", For: "analysts: every accepted event once, in order per booking"},
		TopicInfo{Topic: p.Output(pipeline.Decisions), Key: "booking id", Value: "decision, JSON", For: "analysts, payments, policy authors"},
		TopicInfo{Topic: p.Output(pipeline.Current), Key: "booking id", Value: "latest state, JSON; compacted", For: "look-up tables", compacted: true},
		TopicInfo{Topic: p.Output(pipeline.Dead), Key: "as it was", Value: "as it was", For: "ops: what needs a person"},
		TopicInfo{Topic: p.Output(pipeline.Rejected), Key: "as it was", Value: "as it was", For: "ops: webhooks answered 400 and 401"},
	)
	for _, t := range perSourceLookups {
		list = append(list, TopicInfo{Topic: t, Key: "booking id", Value: "answer of a look-up", For: "replay, evidence"})
	}
	return append(list,
		TopicInfo{Topic: p.Output(pipeline.Retry), Key: "as it was", Value: "as it was", For: "the pipeline: parked records"},
		TopicInfo{Topic: p.Output(pipeline.Outcomes), Key: "as it was", Value: "empty; headers tell", For: "audit: outcomes that leave no other record"},
	)
}

func (p PlannedPipeline) between(i int, s PlannedSegment) []TopicInfo {
	info := TopicInfo{Key: "the provider's booking key", Value: "the body, byte for byte; head and verdict in headers", For: "replay, audit"}
	if p.before(i+1, normaliser) {
		info = TopicInfo{Key: "booking id", Value: "internal", For: "the pipeline"}
	}
	var list []TopicInfo
	for _, topic := range perSource(s.To, p.Sources) {
		info.Topic = topic
		list = append(list, info)
	}
	return list
}

// specs gives the topics as they are made. maxRecord is the most bytes one
// record may have.
func (p *Plan) specs(maxRecord int) []kafka.TopicSpec {
	cfg := p.File.Kafka.Topics
	var specs []kafka.TopicSpec
	for _, t := range p.Topics() {
		configs := map[string]string{"max.message.bytes": strconv.Itoa(maxRecord)}
		switch {
		case t.compacted && p.File.Kafka.IsEmbedded():
			// The embedded broker rewrites segments when it compacts, which a
			// kill -9 can cut in half: there the state is kept whole.
			configs["cleanup.policy"], configs["retention.ms"] = "delete", "-1"
		case t.compacted:
			configs["cleanup.policy"] = "compact"
			// A member that had lost its claim may still write an older state over
			// the newest (invariant 6): both are kept until the owner has seen it
			// and written the newest back.
			configs["min.compaction.lag.ms"] = strconv.FormatInt((10 * time.Minute).Milliseconds(), 10)
		case cfg.Retention > 0:
			configs["retention.ms"] = strconv.FormatInt(cfg.Retention.Std().Milliseconds(), 10)
		}
		specs = append(specs, kafka.TopicSpec{
			Name: t.Topic, Partitions: int32(cfg.Partitions), Replication: int16(cfg.Replication), Configs: configs,
		})
	}
	return specs
}

// mustAgree gives the groups of topics whose partition counts must be equal:
// what dedupe reads, and where its state is kept.
func (p *Plan) mustAgree() [][]string {
	var groups [][]string
	for _, pl := range p.Pipelines {
		if s := pl.stateful(); s != nil {
			group := []string{pl.Output(pipeline.Current)}
			for _, in := range s.In {
				if in != pl.Output(pipeline.Retry) {
					group = append(group, in)
				}
			}
			groups = append(groups, group)
		}
	}
	return groups
}

// group names the consumer group of a segment.
func group(pipelineName, segment string) string {
	return strings.Join([]string{"reservoir", pipelineName, segment}, ".")
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"
)

// Names of topic settings that EnsureTopics knows more about than equality.
const (
	maxMessageBytes = "max.message.bytes"
	minInSync       = "min.insync.replicas"
)

// TopicSpec is a topic as it should be.
type TopicSpec struct {
	Name        string
	Partitions  int32
	Replication int16 // 0: three, or as many as there are brokers
	// Configs are the topic's own settings. Where a topic is made with three
	// replicas or more and min.insync.replicas is not among them, it is 2
	// (invariant 1).
	Configs map[string]string
}

// TopicReport is a topic as it is.
type TopicReport struct {
	Name       string
	Created    bool // by this call
	Partitions int32
	Replicas   int16
	// MinInSync is min.insync.replicas: how many replicas have a record that
	// was acknowledged. 0 where it is not known: this
	// user may not ask for it, or the topic was just made with the cluster's own.
	MinInSync int
	// Mismatches are settings that differ from the spec. Nothing of an existing
	// topic is changed.
	Mismatches []Mismatch
}

// Mismatch is one setting of an existing topic. A max.message.bytes that is
// larger than wanted is none.
type Mismatch struct {
	Setting string // partitions, or the name of a topic setting
	Want    string
	Have    string
}

func (m Mismatch) String() string { return fmt.Sprintf("%s is %s, want %s", m.Setting, m.Have, m.Want) }

// EnsureTopics makes the topics that are missing, waits until every broker that
// answers knows them, and says how the others differ from their specs, in the
// order of the specs. On an error the report has the topics that could be told
// about. Where a right is missing, the error names the topic and the right.
func (a *Admin) EnsureTopics(ctx context.Context, specs []TopicSpec) ([]TopicReport, error) {
	return ask(ctx, a, "ensure topics", func(c cluster) ([]TopicReport, error) { return ensure(ctx, c, specs) })
}

func ensure(ctx context.Context, c cluster, specs []TopicSpec) ([]TopicReport, error) {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	found, err := c.DescribeTopics(names)
	if err != nil {
		return nil, err
	}
	have := make(map[string]*sarama.TopicMetadata, len(found))
	var existing []string
	for _, t := range found {
		have[t.Name] = t
		if errors.Is(t.Err, sarama.ErrNoError) {
			existing = append(existing, t.Name)
		}
	}
	// All in one request: a member that starts again makes its partitions wait.
	settings, err := settingsOf(c, existing...)
	if err != nil {
		return nil, err
	}
	var reports []TopicReport
	var created []string
	var errs []error
	for _, s := range specs {
		r, err := ensureOne(ctx, c, s, have[s.Name], settings[s.Name])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if r.Created {
			created = append(created, s.Name)
		}
		reports = append(reports, r)
	}
	everywhere(ctx, c, created)
	return reports, errors.Join(errs...)
}

func ensureOne(ctx context.Context, c cluster, s TopicSpec, have *sarama.TopicMetadata, settings topicSettings) (TopicReport, error) {
	switch {
	case have == nil || errors.Is(have.Err, sarama.ErrUnknownTopicOrPartition):
		return create(ctx, c, s)
	case errors.Is(have.Err, sarama.ErrTopicAuthorizationFailed):
		return TopicReport{}, fmt.Errorf("topic %s: this user needs the right to Describe it: %w", s.Name, have.Err)
	case !errors.Is(have.Err, sarama.ErrNoError):
		return TopicReport{}, fmt.Errorf("topic %s: %w", s.Name, have.Err)
	}
	return compare(s, have, settings)
}

func create(ctx context.Context, c cluster, s TopicSpec) (TopicReport, error) {
	replicas := s.Replication
	if replicas == 0 {
		brokers, _, err := c.DescribeCluster()
		if err != nil {
			return TopicReport{}, fmt.Errorf("topic %s: count the brokers: %w", s.Name, err)
		}
		replicas = int16(min(3, len(brokers)))
	}
	detail := &sarama.TopicDetail{NumPartitions: s.Partitions, ReplicationFactor: replicas, ConfigEntries: map[string]*string{}}
	for name, value := range s.Configs {
		detail.ConfigEntries[name] = &value
	}
	if _, set := s.Configs[minInSync]; replicas >= 3 && !set {
		two := "2"
		detail.ConfigEntries[minInSync] = &two
	}
	err := c.CreateTopic(s.Name, detail, false)
	switch {
	case errors.Is(err, sarama.ErrTopicAlreadyExists): // another process was quicker
		everywhere(ctx, c, []string{s.Name})
		found, err := describe(c, s.Name)
		if err != nil {
			return TopicReport{}, fmt.Errorf("topic %s: it was made a moment ago and cannot be described: %w", s.Name, err)
		}
		settings, err := settingsOf(c, s.Name)
		if err != nil {
			return TopicReport{}, err
		}
		return compare(s, found, settings[s.Name])
	case errors.Is(err, sarama.ErrTopicAuthorizationFailed), errors.Is(err, sarama.ErrClusterAuthorizationFailed):
		return TopicReport{}, fmt.Errorf("topic %s: this user needs the right to Create it, or somebody makes it with %d partitions: %w", s.Name, s.Partitions, err)
	case err != nil:
		return TopicReport{}, fmt.Errorf("topic %s: create it with %d partitions and %d replicas: %w", s.Name, s.Partitions, replicas, err)
	}
	r := TopicReport{Name: s.Name, Created: true, Partitions: s.Partitions, Replicas: replicas}
	if v := detail.ConfigEntries[minInSync]; v != nil {
		r.MinInSync, _ = strconv.Atoi(*v)
	}
	return r, nil
}

func compare(s TopicSpec, have *sarama.TopicMetadata, settings topicSettings) (TopicReport, error) {
	r := TopicReport{Name: s.Name, Partitions: int32(len(have.Partitions))}
	if len(have.Partitions) > 0 {
		r.Replicas = int16(len(have.Partitions[0].Replicas))
	}
	if s.Partitions > 0 && r.Partitions != s.Partitions {
		r.Mismatches = append(r.Mismatches, Mismatch{Setting: "partitions", Want: fmt.Sprint(s.Partitions), Have: fmt.Sprint(r.Partitions)})
	}
	if len(s.Configs) == 0 && settings.err != nil {
		return r, nil // nothing is wanted of it, and not all users may ask
	}
	if settings.err != nil {
		return r, settings.err
	}
	r.MinInSync, _ = strconv.Atoi(settings.values[minInSync])
	for name, want := range s.Configs {
		if have, ok := settings.values[name]; ok && !satisfies(name, want, have) {
			r.Mismatches = append(r.Mismatches, Mismatch{Setting: name, Want: want, Have: have})
		}
	}
	slices.SortFunc(r.Mismatches, func(a, b Mismatch) int { return strings.Compare(a.Setting, b.Setting) })
	return r, nil
}

func satisfies(name, want, have string) bool {
	if name == maxMessageBytes {
		w, errW := strconv.ParseInt(want, 10, 64)
		h, errH := strconv.ParseInt(have, 10, 64)
		return errW == nil && errH == nil && h >= w
	}
	return want == have
}

// topicSettings are what a topic is set to, or why that is not known.
type topicSettings struct {
	values map[string]string
	err    error
}

// settingsOf asks for the settings of topics, all at once. A topic that the
// broker says nothing of has none.
func settingsOf(c cluster, topics ...string) (map[string]topicSettings, error) {
	asked := make([]*sarama.ConfigResource, len(topics))
	for i, topic := range topics {
		asked[i] = &sarama.ConfigResource{Type: sarama.TopicResource, Name: topic}
	}
	found, err := c.DescribeConfigs(asked, sarama.DescribeConfigsOptions{})
	if err != nil {
		return nil, fmt.Errorf("read the settings of %s: %w", strings.Join(topics, ", "), err)
	}
	all := make(map[string]topicSettings, len(topics))
	for _, r := range found {
		all[r.Name] = settingsFrom(r)
	}
	return all, nil
}

func settingsFrom(r *sarama.ConfigResourceResult) topicSettings {
	if errors.Is(r.ErrorCode, sarama.ErrTopicAuthorizationFailed) {
		return topicSettings{err: fmt.Errorf("topic %s: this user needs the right to DescribeConfigs of it: %w", r.Name, r.ErrorCode)}
	}
	if !errors.Is(r.ErrorCode, sarama.ErrNoError) {
		return topicSettings{err: fmt.Errorf("topic %s: read its settings: %w", r.Name, r.ErrorCode)}
	}
	values := make(map[string]string, len(r.Configs))
	for _, e := range r.Configs {
		values[e.Name] = e.Value
	}
	return topicSettings{values: values}
}

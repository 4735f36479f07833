package config

import (
	"slices"
	"strings"
)

func (c *checker) pipelines() {
	if len(c.file.Pipelines) == 0 {
		c.fault("pipelines", "has no pipeline; add one with `sources` and `stages`")
	}
	owner := map[string]string{} // source to the path that took it
	whole := len(c.file.Pipelines) > 0
	for _, p := range c.file.Pipelines {
		path := joinPath("pipelines", keyText(p.Name))
		if !entryName.MatchString(p.Name) {
			c.fault(path, entryNameProblem)
		}
		if len(p.Sources) == 0 {
			c.fault(path+".sources", "names no source; list at least one of `sources`")
			whole = false
		}
		if len(p.Stages) == 0 {
			c.fault(path+".stages", "has no stage; begin with ingest, verify and `to: TOPIC`")
		}
		for i, name := range p.Sources {
			whole = c.reference(indexPath(path+".sources", i), name, owner) && whole
		}
	}
	if !whole { // a source may be missing only because its name was misspelt
		return
	}
	for _, s := range c.file.Sources {
		if _, taken := owner[s.Name]; !taken {
			c.fault(joinPath("sources", keyText(s.Name)), "is in no pipeline; add it to the `sources` of one, or remove it")
		}
	}
}

// reference checks one name in a pipeline's sources, and tells whether there
// is a source of it.
func (c *checker) reference(path, name string, owner map[string]string) bool {
	if _, known := c.file.Source(name); !known {
		var names []string
		for _, s := range c.file.Sources {
			names = append(names, s.Name)
		}
		c.fault(path, "is not one of `sources`; add the source, or correct the name"+Hint(name, names))
		return false
	}
	if first, taken := owner[name]; taken {
		c.fault(path, "is taken already, by "+first+"; a source is in one pipeline, remove it here or there")
		return true
	}
	owner[name] = path
	return true
}

// SourcePlaceholder stands for the name of a source in a topic's name.
const SourcePlaceholder = "{source}"

// Topic gives a topic's name for one source.
func Topic(name, source string) string {
	return strings.ReplaceAll(name, SourcePlaceholder, source)
}

// TopicsOf gives the names that a topic's name stands for: one for each source
// where it holds the placeholder, else itself.
func TopicsOf(name string, sources []string) []string {
	if !strings.Contains(name, SourcePlaceholder) {
		return []string{name}
	}
	out := make([]string, len(sources))
	for i, s := range sources {
		out[i] = Topic(name, s)
	}
	return out
}

// topics checks the names of all topics, and that no two uses share one.
func (c *checker) topics() {
	used := map[string]string{} // name to the path that uses it
	for _, p := range c.file.Pipelines {
		path := joinPath("pipelines", keyText(p.Name))
		for i, s := range p.Stages {
			if s.To != "" {
				c.topic(indexPath(path+".stages", i)+".to", s.To, p.Sources, used)
			}
		}
		for _, out := range p.Outputs.named() {
			at := path + ".outputs." + out.name
			if out.topic != "" && out.name != "lookups" && strings.Contains(out.topic, SourcePlaceholder) {
				c.fault(at, "cannot hold {source}: this topic is one for all sources; write a plain name")
				continue
			}
			c.topic(at, out.topic, p.Sources, used)
		}
	}
}

func (c *checker) topic(path, name string, sources []string, used map[string]string) {
	if problem := topicProblem(Topic(name, "x")); problem != "" {
		c.fault(path, problem)
		return
	}
	sources = slices.Compact(slices.Sorted(slices.Values(sources)))
	for _, expanded := range TopicsOf(name, sources) {
		if len(expanded) > 249 {
			c.fault(path, "is too long with the name of its source; Kafka takes 249 letters")
			return
		}
		// Kafka refuses a topic that differs from another by . and _ alone:
		// its metrics write both as _ (org.apache.kafka.common.internals.Topic.hasCollision).
		key := strings.ReplaceAll(expanded, ".", "_")
		if first, taken := used[key]; taken {
			c.fault(path, "is the topic of "+first+" too (. and _ count as equal, {source} is filled in); each needs one of its own")
			return
		}
		used[key] = path
	}
}

// topicProblem tells why a name is none of a topic, "" if it is one.
func topicProblem(name string) string {
	switch {
	case name == "":
		return "is empty; write a topic's name"
	case strings.ContainsAny(name, "{}"):
		return "has a placeholder that is not known; the only one is {source}"
	case !kafkaName.MatchString(name) || name == "." || name == "..":
		return "is not a legal topic name; write letters, digits, - . _, at most 249"
	case strings.HasPrefix(name, "__"):
		return "begins with __, which Kafka keeps for itself; choose another name"
	}
	return ""
}

// namedTopic is one of the outputs.
type namedTopic struct{ name, topic string }

func (o Outputs) named() []namedTopic {
	return []namedTopic{
		{"events", o.Events},
		{"decisions", o.Decisions},
		{"current", o.Current},
		{"dead", o.Dead},
		{"rejected", o.Rejected},
		{"lookups", o.Lookups},
		{"retry", o.Retry},
		{"outcomes", o.Outcomes},
	}
}

// Topic gives the topic of an output by its name, such as events, "" where
// there is no such output.
func (o Outputs) Topic(output string) string {
	for _, out := range o.named() {
		if out.name == output {
			return out.topic
		}
	}
	return ""
}

package broker

import (
	"encoding/base64"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicRef names one topic; the id tells it from a later one of that name.
type topicRef struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

func isDeleting(refs []topicRef, t topicFile) bool {
	return slices.Contains(refs, topicRef{Name: t.Name, ID: t.ID})
}

// asksFor tells whether a request deletes the topic, named in any of its three
// ways. One that names a topic by name and id at once is refused as a whole.
func asksFor(req *kmsg.DeleteTopicsRequest, t topicFile) bool {
	if slices.ContainsFunc(req.Topics, func(r kmsg.DeleteTopicsRequestTopic) bool {
		return r.Topic != nil && r.TopicID != [16]byte{}
	}) {
		return false
	}
	if slices.Contains(req.TopicNames, t.Name) {
		return true
	}
	return slices.ContainsFunc(req.Topics, func(r kmsg.DeleteTopicsRequestTopic) bool {
		if r.Topic != nil {
			return *r.Topic == t.Name
		}
		return base64.StdEncoding.EncodeToString(r.TopicID[:]) == t.ID
	})
}

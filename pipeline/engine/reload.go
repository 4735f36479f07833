package engine

import (
	"errors"
	"reflect"
	"slices"
)

// Reloadable gives why a plan cannot take the place of this one without a
// restart, nil if it can: sources, secrets, policies and options may change,
// where work runs and what it is written to may not.
func (p *Plan) Reloadable(next *Plan) error {
	if p.File.Listen != next.File.Listen || p.File.Admin != next.File.Admin {
		return errors.New("listen or admin")
	}
	if !reflect.DeepEqual(p.File.Kafka, next.File.Kafka) {
		return errors.New("kafka")
	}
	if !slices.EqualFunc(p.Pipelines, next.Pipelines, sameShape) {
		return errors.New("the stages or outputs of a pipeline")
	}
	return nil
}

func sameShape(a, b PlannedPipeline) bool {
	return a.Name == b.Name && reflect.DeepEqual(a.topics, b.topics) &&
		slices.EqualFunc(a.Segments, b.Segments, func(a, b PlannedSegment) bool {
			return a.To == b.To && slices.Equal(a.Stages, b.Stages)
		})
}

package engine

import "github.com/reservoirhq/reservoir/pipeline"

// Decode reads a record between segments as the segment behind it does, for
// whoever replays a topic. A Rejection says that no segment can read it.
func Decode(r pipeline.Record) (pipeline.Event, error) {
	return decode(&r)
}

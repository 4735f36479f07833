package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// result is one line of output.
type result struct {
	Name    string  `json:"name"`
	Events  int     `json:"events"`
	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"events_per_s"`
	CPU     float64 `json:"cpu_us"`              // of the pipeline's process, for one event
	Broker  float64 `json:"broker_us,omitempty"` // of the broker, for one event
	RSS     float64 `json:"rss_mb,omitempty"`    // peak of the pipeline's process
	P50     float64 `json:"p50_ms,omitempty"`
	P99     float64 `json:"p99_ms,omitempty"`
	Allocs  float64 `json:"allocs,omitempty"`   // heap allocations for one event
	AllocKB float64 `json:"alloc_kb,omitempty"` // bytes of those, in KB
	Others  float64 `json:"others,omitempty"`   // cores that other processes kept busy
	Note    string  `json:"note,omitempty"`
}

// add appends to the note.
func (r *result) add(format string, args ...any) {
	if r.Note != "" {
		r.Note += " "
	}
	r.Note += fmt.Sprintf(format, args...)
}

// wrong says that the outputs are not what they must be.
func (r *result) wrong(format string, args ...any) { r.add(wrongMark+format, args...) }

// wrongMark stands in the note of a result that must not be used.
const wrongMark = "WRONG: "

func (r *result) print(to io.Writer) error { return json.NewEncoder(to).Encode(r) }

package command

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// What is printed of a record, and of an amount.
var (
	WriteRecordJSON = writeRecordJSON
	WriteRecordText = writeRecordText
	Money           = money
	FreePorts       = freePorts
	Renew           = renew
)

// MergeByTime merges partitions as `tail` does.
func MergeByTime(partitions [][]pipeline.Record, fn func(pipeline.Record) error) error {
	var sources []*source
	for _, records := range partitions {
		s := &source{records: make(chan pipeline.Record, len(records))}
		for _, r := range records {
			s.records <- r
		}
		close(s.records)
		sources = append(sources, s)
	}
	return merge(sources, fn)
}

// Open binds a door with a handler behind it, or none yet, and gives its
// address.
func Open(handler http.Handler, log io.Writer) (address string, closer io.Closer, err error) {
	return OpenImpatient(handler, log, answerTime)
}

// OpenImpatient is Open for answers that are given in another time.
func OpenImpatient(handler http.Handler, log io.Writer, answers time.Duration) (address string, closer io.Closer, err error) {
	d, err := bindFor("listen", "127.0.0.1:0", slog.New(slog.NewTextHandler(log, nil)), answers)
	if err != nil {
		return "", nil, err
	}
	if handler != nil {
		d.open(handler)
	}
	return d.address(), d.server, nil
}

package broker_test

import (
	"bytes"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/broker"
)

// FuzzFrames: whatever stands in a framed log, what is read is framed again
// to the same entries, and a whole entry is found behind any bytes.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{}, []byte("{}"))
	f.Add([]byte{0, 0, 0, 9, 1, 2}, []byte(`{"type":"commit"}`))
	f.Add(broker.Frame([]byte("x"))[:7], []byte("y"))
	f.Fuzz(func(t *testing.T, garbage, entry []byte) {
		entries, _ := broker.Frames(append(bytes.Clone(garbage), broker.Frame(entry)...))
		if len(entries) == 0 || !bytes.Equal(entries[len(entries)-1], entry) {
			t.Fatalf("the entry behind %d bytes is not found", len(garbage))
		}
		var again []byte
		for _, e := range entries {
			again = append(again, broker.Frame(e)...)
		}
		if got, intact := broker.Frames(again); !intact || len(got) != len(entries) {
			t.Fatalf("%d entries became %d", len(entries), len(got))
		}
	})
}

// FuzzSegment: no bytes make the reader panic, read more than there is, or
// take in anything behind a batch that is broken.
func FuzzSegment(f *testing.F) {
	whole := append(broker.Marker(0), broker.Marker(1)...)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add([]byte("garbage"))
	f.Fuzz(func(t *testing.T, b []byte) {
		size, end, torn, err := broker.ReadSegment(b)
		if err != nil || size < 0 || size > int64(len(b)) || torn != (size < int64(len(b))) || end < 0 {
			t.Fatalf("read %d of %d bytes, up to offset %d, torn: %v, %v", size, len(b), end, torn, err)
		}
		again, end2, torn, err := broker.ReadSegment(b[:size])
		if err != nil || torn || again != size || end2 != end {
			t.Fatalf("what is whole is not whole when read again: %d, %d, %v, %v", again, end2, torn, err)
		}
	})
}

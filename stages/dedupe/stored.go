package dedupe

import (
	"bytes"
	"fmt"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// stateOf reads a record of bookings.current; buffer is room to write in. The
// event of one that this version wrote stays JSON until somebody asks for it:
// decoding it is most of what a restore would cost, and most bookings are never
// heard of again. The topic's checksums vouch for it; whether it is JSON at all
// is asked where it is decoded.
func stateOf(rec pipeline.Record, packed []byte, buffer *[]byte) (state, error) {
	k, err := unpackState(rec, packed, buffer)
	if err != nil {
		return state{}, fmt.Errorf("state of %s at %s: %w", rec.Key, rec.Position(), err)
	}
	return k, nil
}

func unpackState(rec pipeline.Record, packed []byte, buffer *[]byte) (state, error) {
	if len(packed) > 0 && packed[0] == memoryV1 && bytes.HasPrefix(rec.Value, []byte(`{"booking":{"id":"`)) && bytes.HasSuffix(rec.Value, []byte("}}")) {
		*buffer = append(append(appendFront((*buffer)[:0], packed, &rec), formJSON), rec.Value...)
		return kept{blob: string(*buffer)}.read()
	}
	m, err := unpack(string(packed))
	if err != nil {
		return state{}, fmt.Errorf("header %s: %w", pipeline.StateHeader, err)
	}
	event, err := booking.Decode(rec.Value)
	if err != nil {
		return state{}, err
	}
	m.Ends = endOf(&event)
	*buffer = appendEvent(append(appendFront((*buffer)[:0], m.pack(nil), &rec), formLocal), &event)
	return state{kept{blob: string(*buffer)}, true, m}, nil
}

// stored gives a kept state as it stands on bookings.current; a tombstone where
// there is none.
func (p *partition) stored(bookingID string) (pipeline.Record, error) {
	blob, err := p.stateOf(bookingID)
	if err != nil || blob == "" {
		return pipeline.Record{Key: []byte(bookingID)}, err
	}
	k, err := kept{blob: blob}.read()
	if err != nil {
		return pipeline.Record{}, fmt.Errorf("local state of %s: %w", bookingID, err)
	}
	return k.record(bookingID)
}

package jsondoc

import "sync"

// Reader parses documents in rooms that it uses again: the list of a document's
// values is half of what its parsing allocates. The zero Reader is ready, and
// many goroutines may use it at once.
type Reader struct{ rooms sync.Pool } // of *[]node, each empty

// mostKept bounds the rooms that wait to be used again (invariant 11).
const mostKept = 1024

// Parse is the function Parse, for who calls Done behind it.
func (r *Reader) Parse(body []byte) (Value, error) {
	room, _ := r.rooms.Get().(*[]node)
	if room == nil {
		room = new([]node)
	}
	d, err := parse(body, *room)
	if err != nil {
		return Value{}, err
	}
	d.room = room
	return Value{doc: d}, nil
}

// Done gives back the room of a value's document. None of its values may be
// asked for anything afterwards, and whoever does it all the same is stopped;
// the texts that they gave stay.
func (r *Reader) Done(v Value) {
	if v.doc == nil || v.doc.room == nil {
		return
	}
	room := v.doc.room
	if *room = v.doc.nodes[:0]; cap(*room) <= mostKept {
		r.rooms.Put(room)
	}
	v.doc.nodes, v.doc.room = nil, nil
}

package pipeline

import "time"

// Headers makes the headers of one record; their values share memory, which
// nobody may change afterwards.
type Headers struct {
	all   []Header
	bytes []byte
}

// usualHeader is the room for one value: most are an id, a name or a time.
const usualHeader = 32

// NewHeaders gives room for n headers; more may be added.
func NewHeaders(n int) *Headers {
	return &Headers{all: make([]Header, 0, n), bytes: make([]byte, 0, n*usualHeader)}
}

// Add appends a header with a text value.
func (h *Headers) Add(key, value string) {
	start := len(h.bytes)
	h.bytes = append(h.bytes, value...)
	h.end(key, start)
}

// AddTime appends an instant as RFC 3339 in UTC, to the nanosecond.
func (h *Headers) AddTime(key string, t time.Time) {
	start := len(h.bytes)
	h.bytes = t.UTC().AppendFormat(h.bytes, time.RFC3339Nano)
	h.end(key, start)
}

// AddBytes appends a header as it is, without a copy of its value.
func (h *Headers) AddBytes(key string, value []byte) {
	h.all = append(h.all, Header{Key: key, Value: value})
}

func (h *Headers) end(key string, start int) {
	h.all = append(h.all, Header{Key: key, Value: h.bytes[start:len(h.bytes):len(h.bytes)]})
}

// All gives the headers in their order.
func (h *Headers) All() []Header { return h.all }

package kafka

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strings"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
)

const (
	// KeyMetadata is the name under which a message's Metadata carries the
	// record's key; it is not a header. A message without it has no key.
	KeyMetadata = "_kafka_key"
	// UUIDHeader carries the UUID of a message that was built by hand and has
	// no ce_id.
	UUIDHeader = "_watermill_message_uuid"

	idHeader = "ce_id"
)

// NewMessage makes a message of a record. UUID is the ce_id, else what
// UUIDHeader says, else a digest of the record's position. Metadata has the
// headers, of repeats the last, and the key. Payload is the value; nil is
// Kafka's null. The record itself travels along: RecordOf gives it back.
//
// Neither side may change the bytes afterwards: they are shared.
func NewMessage(r pipeline.Record) *message.Message {
	m, c := newMessage(context.Background(), &r)
	m.SetContext(c)
	return m
}

// newMessage gives a message and the context that carries its record; the
// caller sets it.
func newMessage(ctx context.Context, r *pipeline.Record) (*message.Message, *carried) {
	m := message.NewMessage("", r.Value)
	m.Metadata = metadataOf(r)
	m.UUID = uuidOf(r, m.Metadata)
	return m, &carried{Context: ctx, msg: m, rec: r, names: len(m.Metadata)}
}

func metadataOf(r *pipeline.Record) message.Metadata {
	size := len(r.Key)
	for i := range r.Headers {
		size += len(r.Headers[i].Value)
	}
	var text strings.Builder // all values in one piece
	text.Grow(size)
	for i := range r.Headers {
		text.Write(r.Headers[i].Value)
	}
	text.Write(r.Key)
	all := text.String()

	md := make(message.Metadata, len(r.Headers)+1)
	for i := range r.Headers {
		n := len(r.Headers[i].Value)
		md[r.Headers[i].Key] = all[:n]
		all = all[n:]
	}
	delete(md, KeyMetadata) // a header of that name is no key
	if r.Key != nil {
		md[KeyMetadata] = all
	}
	return md
}

func uuidOf(r *pipeline.Record, md message.Metadata) string {
	if id := md[idHeader]; id != "" {
		return id
	}
	if id := md[UUIDHeader]; id != "" {
		return id
	}
	sum := sha256.Sum256([]byte(r.Position().String()))
	return hex.EncodeToString(sum[:16])
}

// NewBatchMessage makes a message that stands for one or more records:
// RecordsOf gives them back. Nobody may change them afterwards.
func NewBatchMessage(records []*pipeline.Record) *message.Message {
	m, c := newBatchMessage(context.Background(), records)
	m.SetContext(c)
	return m
}

func newBatchMessage(ctx context.Context, records []*pipeline.Record) (*message.Message, *carried) {
	m := message.NewMessage("", nil)
	m.UUID = records[0].Position().String()
	return m, &carried{Context: ctx, msg: m, rec: records[0], batch: records}
}

// carried is a context that holds the records a message was made of. It names
// the message: a context handed on to another message carries nothing.
type carried struct {
	context.Context
	msg   *message.Message
	rec   *pipeline.Record
	names int                // in the message's metadata when it was made
	batch []*pipeline.Record // nil where the message is its one record

	// Of a message that a Subscriber handed out, for Finish.
	claim *claim
	tasks []*task
	alone bool
	spent bool // Nacked; guarded by the claim's lock
}

// IsAlone tells whether a message may wait: it is one record, and holds up no
// record of another key. Of the others a handler Nacks what has to wait; then
// every record comes alone.
func IsAlone(m *message.Message) bool {
	c, ok := m.Context().Value(carriedKey{}).(*carried)
	if !ok || c.msg != m || c.claim == nil {
		return len(RecordsOf(m)) == 1
	}
	return c.alone
}

// RecordsOf gives the records that a message stands for: those of a batch, each
// of another key (SubscriberConfig.Batch), else what RecordOf gives. They are
// shared: nobody may change them.
func RecordsOf(m *message.Message) []*pipeline.Record {
	if c, ok := m.Context().Value(carriedKey{}).(*carried); ok && c.msg == m && c.batch != nil {
		return c.batch
	}
	r := RecordOf(m)
	return []*pipeline.Record{&r}
}

// PreparedOf gives what SubscriberConfig.Prepare gave of one of RecordsOf, nil
// where nothing was prepared.
func PreparedOf(m *message.Message, record int) any {
	c, ok := m.Context().Value(carriedKey{}).(*carried)
	if !ok || c.msg != m || record >= len(c.tasks) {
		return nil
	}
	return c.tasks[record].prepared
}

type carriedKey struct{}

// Value gives the carrier itself, or what the context within has.
func (c *carried) Value(key any) any {
	if key == (carriedKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// RecordOf gives the record that a message stands for. For a message that was
// made of a record this is that record, with key, nil-ness, repeats, order and
// position, and with whatever was changed in Payload and Metadata since. Of a
// batch it is the first; see RecordsOf. For one built by hand: headers sorted by name, the key from KeyMetadata, and the
// UUID in a header of its own unless there is a ce_id.
func RecordOf(m *message.Message) pipeline.Record {
	c, ok := m.Context().Value(carriedKey{}).(*carried)
	if !ok || c.msg != m {
		return byHand(m)
	}
	r := *c.rec
	if c.batch != nil {
		return r
	}
	if !sameBytes(r.Value, m.Payload) {
		r.Value = m.Payload
	}
	if !c.untouched(m.Metadata) {
		r.Key = changedKey(r.Key, m.Metadata)
		r.Headers = changedHeaders(r.Headers, m.Metadata)
	}
	return r
}

// sameBytes tells whether two slices are the same memory, or both null.
func sameBytes(a, b []byte) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0]
}

// untouched is the quick check of the common case. Repeats make it fail; the
// slow way then comes to the same headers.
func (c *carried) untouched(md message.Metadata) bool {
	if len(md) != c.names {
		return false
	}
	if key, ok := md[KeyMetadata]; ok != (c.rec.Key != nil) || key != string(c.rec.Key) {
		return false
	}
	for i := range c.rec.Headers {
		h := &c.rec.Headers[i]
		if v, ok := md[h.Key]; !ok || v != string(h.Value) {
			return false
		}
	}
	return true
}

func changedKey(key []byte, md message.Metadata) []byte {
	text, ok := md[KeyMetadata]
	if !ok {
		return nil
	}
	if key != nil && string(key) == text {
		return key
	}
	return []byte(text)
}

// changedHeaders keeps what metadata still says, with its repeats; a changed
// header stands once, where its last was; new ones follow, sorted.
func changedHeaders(old []pipeline.Header, md message.Metadata) []pipeline.Header {
	var out []pipeline.Header
	last := make(map[string]int, len(old))
	for i, h := range old {
		last[h.Key] = i
	}
	for i, h := range old {
		value, ok := md[h.Key]
		changed := value != string(old[last[h.Key]].Value)
		switch {
		case h.Key == KeyMetadata: // it was not in the metadata to begin with
			out = append(out, h)
		case !ok || changed && i != last[h.Key]:
		case changed:
			out = append(out, pipeline.Text(h.Key, value))
		default:
			out = append(out, h)
		}
	}
	return append(out, sortedHeaders(md, func(name string) bool { _, old := last[name]; return old })...)
}

func byHand(m *message.Message) pipeline.Record {
	r := pipeline.Record{Value: m.Payload, Key: changedKey(nil, m.Metadata)}
	named := m.UUID == "" || m.Metadata[idHeader] != ""
	r.Headers = sortedHeaders(m.Metadata, func(name string) bool { return name == UUIDHeader && !named })
	if !named {
		r.Headers = append(r.Headers, pipeline.Text(UUIDHeader, m.UUID))
		slices.SortFunc(r.Headers, func(a, b pipeline.Header) int { return strings.Compare(a.Key, b.Key) })
	}
	return r
}

func sortedHeaders(md message.Metadata, skip func(name string) bool) []pipeline.Header {
	var out []pipeline.Header
	for name, value := range md {
		if name != KeyMetadata && !skip(name) {
			out = append(out, pipeline.Text(name, value))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}

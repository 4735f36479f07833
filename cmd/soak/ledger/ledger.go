package ledger

import (
	"crypto/sha256"
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Config says which pipeline is checked and what it promised.
type Config struct {
	Raw        map[string]string // topics by source
	Normalised string
	Outputs    map[pipeline.Output]string

	// Normalise and Dedupe are the consumer groups of the two segments.
	Normalise, Dedupe string

	ExactlyOnce bool
	Judged      []booking.Type // types of events that get a decision
	// LookUps are the sources whose webhook is a hint: the same webhook may find
	// another state the second time, and then is another event.
	LookUps []string
	// Partitions is how many bookings.normalised has.
	Partitions int32
}

// JunkHeader marks a record that a test put on a topic to do harm: it must die,
// and only such records may.
const JunkHeader = "soak_junk"

// Ledger collects records and accounts for them. One goroutine uses it.
type Ledger struct {
	cfg    Config
	acked  map[ack]int // how often it was answered 200, less its raw records
	raw    map[pipeline.Position]*arrival
	middle map[pipeline.Position]*entry // of bookings.normalised
	first  map[string]int64             // ce_id → its first offset on bookings.normalised
	last   map[string]pipeline.Position // booking → the raw record that came last to bookings.normalised
	homes  map[keyed]int32              // a key's partition
	behind map[keyed]int64              // the last new one of a booking → offset of its event on bookings.normalised
	events map[string]*published
	// decisions by event, refunds by refund_key: ids of decisions.
	decisions map[string]map[string]sum
	refunds   map[string]*refund
	current   map[string]state
	replay    *replay
	samples   []Sample
	dead      int
	found     faults
}

type (
	ack struct {
		source, id string
		body       sum
	}
	sum [sha256.Size]byte
)

// arrival is one raw record and what became of it.
type arrival struct {
	source   string
	junk     bool
	entries  []*entry // its records on bookings.normalised
	ids      []string // their ce_ids
	outcomes [kinds][]pipeline.Position
}

// entry is one record of bookings.normalised.
type entry struct {
	at   pipeline.Position
	raw  *arrival // nil: it came from nowhere
	junk bool
	dead []pipeline.Position
}

// kind is a kind of outcome. The first four end the first segment, the last two
// the second.
type kind int

const (
	normalised kind = iota
	ignored
	died
	parked
	emitted
	duplicate
	kinds
)

func (k kind) String() string {
	return [kinds]string{"normalised", "ignored", "dead", "parked", "published", "duplicate"}[k]
}

// New makes an empty ledger. Close it.
func New(cfg Config) (*Ledger, error) {
	r, err := newReplay(cfg)
	if err != nil {
		return nil, err
	}
	return &Ledger{
		cfg: cfg, acked: map[ack]int{}, raw: map[pipeline.Position]*arrival{}, middle: map[pipeline.Position]*entry{},
		first: map[string]int64{}, last: map[string]pipeline.Position{}, homes: map[keyed]int32{}, behind: map[keyed]int64{},
		events: map[string]*published{}, decisions: map[string]map[string]sum{}, refunds: map[string]*refund{},
		current: map[string]state{}, replay: r,
	}, nil
}

// Close lets go of the replay's state.
func (l *Ledger) Close() error { return l.replay.close() }

// Acknowledged notes that a webhook was answered 200 with this delivery id. It
// is called for every such answer, before its topic is read: the same webhook
// again is written again.
func (l *Ledger) Acknowledged(source, id string, body [sha256.Size]byte) {
	l.acked[ack{source, id, body}]++
}

// Add takes one record that was read. The records of a partition come in their
// order; the topics come in the order of Topics.
func (l *Ledger) Add(r pipeline.Record) error {
	for source, topic := range l.cfg.Raw {
		if topic == r.Topic {
			l.addRaw(source, r)
			return nil
		}
	}
	switch r.Topic {
	case l.cfg.Normalised:
		return l.addNormalised(r)
	case l.cfg.Outputs[pipeline.Events]:
		return l.addEvent(r)
	case l.cfg.Outputs[pipeline.Decisions]:
		return l.addDecision(r)
	case l.cfg.Outputs[pipeline.Outcomes]:
		l.addOutcome(r)
	case l.cfg.Outputs[pipeline.Dead]:
		l.addDead(r)
	case l.cfg.Outputs[pipeline.Retry]:
		l.addParked(r)
	case l.cfg.Outputs[pipeline.Current]:
		l.addCurrent(r)
	}
	return nil
}

// Topics gives what is to be read, in the order in which Add wants it.
func (l *Ledger) Topics() []string {
	var raw []string
	for _, topic := range l.cfg.Raw {
		raw = append(raw, topic)
	}
	slices.Sort(raw)
	o := l.cfg.Outputs
	return append(raw, l.cfg.Normalised, o[pipeline.Events], o[pipeline.Decisions], o[pipeline.Outcomes], o[pipeline.Dead], o[pipeline.Retry], o[pipeline.Current])
}

// Faults gives everything that does not add up, when all is read.
func (l *Ledger) Faults() []Fault {
	l.missing()
	l.conserved()
	l.decided()
	l.states()
	l.passed()
	return l.found.all
}

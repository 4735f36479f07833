package traffic

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

// Generator makes bookings, one after the other. One goroutine uses it.
type Generator struct {
	random  *rand.Rand
	name    string // makes its bookings differ from another's
	first   int
	made    int
	api     *tourcmstest.API
	senders map[string]pipeline.Sender
	cases   recorded
}

// spacing is how many bookings a generator has numbers for.
const spacing = 10_000_000

// New makes generator n of a seed. What looks bookings up asks api.
func New(seed uint64, n int, api *tourcmstest.API) (*Generator, error) {
	signed, err := senders()
	if err != nil {
		return nil, err
	}
	cases, err := readCases()
	if err != nil {
		return nil, err
	}
	return &Generator{
		random: rand.New(rand.NewPCG(seed, uint64(n))), name: fmt.Sprint(n), first: (n + 1) * spacing,
		api: api, senders: signed, cases: cases,
	}, nil
}

// Booking gives all webhooks about the next booking, in the order in which
// they are sent: each when the one before was answered 200.
func (g *Generator) Booking() []Webhook {
	g.made++
	number := g.first + g.made
	b := &story{Generator: g, number: number, day: firstDay.AddDate(0, 0, g.random.IntN(200))}
	switch n := g.random.IntN(10); {
	case n < 5:
		b.student()
	case n < 8:
		b.broom()
	default:
		b.tour()
	}
	return b.told
}

var firstDay = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)

// story is one booking being told.
type story struct {
	*Generator
	number int
	day    time.Time
	step   int
	told   []Webhook
}

// at is when the present step happened at the provider.
func (s *story) at() time.Time { return s.day.Add(time.Duration(s.step) * time.Minute) }

func (s *story) chance(percent int) bool { return s.random.IntN(100) < percent }

// tell adds a webhook; some are sent twice, as by a sender that did not hear.
func (s *story) tell(w Webhook) {
	w.sender = s.senders[w.Source]
	s.told = append(s.told, w)
	if s.chance(8) {
		s.told = append(s.told, w)
	}
}

// late tells an older state after a newer one.
func (s *story) late(tell func()) {
	now := s.step
	s.step = -1 - s.random.IntN(30)
	tell()
	s.step = now
}

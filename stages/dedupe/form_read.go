package dedupe

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// held is an event together with what it points to: one allocation in place of
// forty. Lists that are longer than most stand apart.
type held struct {
	event        booking.Event
	service      booking.Service
	product      booking.Product
	party        booking.Party
	price        booking.Price
	terms        booking.Terms
	cancellation booking.Cancellation
	payment      booking.Payment
	times        [9]time.Time
	texts        [14]string
	ints         [5]int
	amounts      [2]int64
	refs         [3]booking.Ref
	people       [8]booking.Person
	components   [3]booking.Component
	paths        [6]string
}

// eventReading reads the local form into a held event, and hands out its places
// one after the other: there are as many as an event has fields of the kind.
type eventReading struct {
	reading
	into                       *held
	times, texts, ints, amount int
	paths                      []string // that no list has
}

// readEvent reads what appendEvent wrote into an empty room.
func readEvent(text string, room *held) (*booking.Event, error) {
	r := eventReading{reading: reading{rest: text}, into: room}
	r.paths = r.into.paths[:]
	e := &r.into.event
	r.booking(&e.Booking)
	r.cancellation(e)
	e.RefundReported = listOf[booking.Reported](&r.reading, nil)
	for i := range e.RefundReported {
		r.reported(&e.RefundReported[i])
	}
	r.payment(e)
	e.Stale = r.one() == 1
	for _, list := range [...]*[]string{&e.Quality.Missing, &e.Quality.Assumed, &e.Quality.Inherited, &e.Quality.Conflicts} {
		*list = listOf(&r.reading, r.paths)
		for i := range *list {
			(*list)[i] = r.text()
		}
		r.paths = r.paths[min(len(*list), len(r.paths)):]
	}
	r.lineage(&e.Lineage)
	if r.broken || r.rest != "" {
		return nil, errCut
	}
	return e, nil
}

func (r *eventReading) booking(b *booking.Booking) {
	b.ID, b.Provider, b.Source = r.text(), r.text(), r.text()
	b.Refs = listOf(&r.reading, r.into.refs[:])
	for i := range b.Refs {
		b.Refs[i] = booking.Ref{Kind: r.text(), Value: r.text()}
	}
	b.Kind, b.Status = booking.Kind(r.text()), booking.Status(r.text())
	b.StatusNative, b.PaymentStatus = r.textAt(), r.text()
	b.BookedAt, b.ConfirmedAt, b.CancelledAt, b.UpdatedAt = r.timeAt(), r.timeAt(), r.timeAt(), r.timeAt()
	r.parts(b)
	b.People = listOf(&r.reading, r.into.people[:])
	for i := range b.People {
		b.People[i] = booking.Person{Role: r.text(), Token: r.text()}
	}
}

func (r *eventReading) parts(b *booking.Booking) {
	if s := &r.into.service; r.one() == 1 {
		b.Service = s
		s.StartsAt, s.EndsAt = r.timeAt(), r.timeAt()
		s.StartLocal, s.EndLocal = r.textAt(), r.textAt()
		s.Zone, s.Precision, s.Nights = r.text(), booking.Precision(r.text()), r.intAt()
	}
	if p := &r.into.product; r.one() == 1 {
		b.Product = p
		p.ID, p.ExternalID, p.Name = r.textAt(), r.textAt(), r.textAt()
	}
	if p := &r.into.party; r.one() == 1 {
		b.Party = p
		p.Size, p.Adults, p.Children = r.intAt(), r.intAt(), r.intAt()
	}
	if p := &r.into.price; r.one() == 1 {
		b.Price = p
		p.Currency, p.Exponent, p.TotalMinor = r.text(), int(r.int()), r.int()
		p.Components = listOf(&r.reading, r.into.components[:])
		for i := range p.Components {
			p.Components[i] = booking.Component{Type: r.text(), AmountMinor: r.int()}
		}
	}
	if t := &r.into.terms; r.one() == 1 {
		b.Terms = t
		t.LabelNative, t.Tier = r.textAt(), r.textAt()
	}
}

func (r *eventReading) cancellation(e *booking.Event) {
	if c := &r.into.cancellation; r.one() == 1 {
		e.Cancellation = c
		c.RequestedAt, c.By = r.timeAt(), booking.By(r.text())
		c.ReasonCode, c.ReasonNative = r.textAt(), r.textAt()
	}
}

func (r *eventReading) payment(e *booking.Event) {
	if p := &r.into.payment; r.one() == 1 {
		e.Payment = p
		p.ID, p.TotalMinor, p.AmountMinor = r.text(), r.amountAt(), r.amountAt()
		p.Currency, p.Exponent = r.textAt(), r.intAt()
		p.Status, p.Type, p.PaidAt = r.textAt(), r.textAt(), r.timeAt()
	}
}

// reported reads one of a list, for which an event holds no places.
func (r *eventReading) reported(into *booking.Reported) {
	into.Field = r.text()
	if r.one() == 1 {
		text := r.text()
		into.Currency = &text
	}
	if r.one() == 1 {
		n := int(r.int())
		into.Exponent = &n
	}
	if r.one() == 1 {
		n := r.int()
		into.AmountMinor = &n
	}
}

func (r *eventReading) lineage(l *booking.Lineage) {
	l.DeliveryID = r.text()
	l.Raw = booking.RawRef{Topic: r.text(), Partition: int32(r.int()), Offset: r.int(), SHA256: r.text()}
	l.Verified, l.NativeEvent, l.Plugin, l.LookedUpAt = r.text(), r.textAt(), r.text(), r.timeAt()
}

// listOf makes a list of the length that stands next, at the front of places
// where there are enough.
func listOf[T any](r *reading, places []T) []T {
	n := r.uint()
	if n == 0 || !r.plausible(n-1) {
		return nil
	}
	if n--; n > 0 && n <= uint64(len(places)) {
		return places[:n:n]
	}
	return make([]T, n)
}

func (r *eventReading) textAt() *string {
	if r.one() != 1 {
		return nil
	}
	at := &r.into.texts[r.texts]
	r.texts++
	*at = r.text()
	return at
}

func (r *eventReading) timeAt() *time.Time {
	if r.one() != 1 {
		return nil
	}
	at := &r.into.times[r.times]
	r.times++
	*at = r.time()
	return at
}

func (r *eventReading) intAt() *int {
	if r.one() != 1 {
		return nil
	}
	at := &r.into.ints[r.ints]
	r.ints++
	*at = int(r.int())
	return at
}

func (r *eventReading) amountAt() *int64 {
	if r.one() != 1 {
		return nil
	}
	at := &r.into.amounts[r.amount]
	r.amount++
	*at = r.int()
	return at
}

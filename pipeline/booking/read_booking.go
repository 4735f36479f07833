package booking

import "strconv"

func (r *reader) readBooking(b *Booking, room *eventRoom) {
	b.ID = r.str(`{"id":`)
	b.Provider = r.str(`,"provider":`)
	b.Source = r.str(`,"source":`)
	b.Refs = r.readRefs()
	b.Kind = Kind(r.str(`,"kind":`))
	b.Status = Status(r.str(`,"status":`))
	b.StatusNative = r.maybeStr(`,"status_native":`, &room.statusNative)
	b.PaymentStatus = r.str(`,"payment_status":`)
	b.BookedAt = r.maybeTime(`,"booked_at":`, &room.bookedAt)
	b.ConfirmedAt = r.maybeTime(`,"confirmed_at":`, &room.confirmedAt)
	b.CancelledAt = r.maybeTime(`,"cancelled_at":`, &room.cancelledAt)
	b.UpdatedAt = r.maybeTime(`,"updated_at":`, &room.updatedAt)
	b.Service = r.readService(room)
	b.Product = r.readProduct(room)
	b.Party = r.readParty(room)
	b.Price = r.readPrice(room)
	b.Terms = r.readTerms(room)
	b.People = r.readPeople()
	r.skip(`}`)
}

func (r *reader) readRefs() []Ref {
	var few [4]Ref
	refs := few[:0]
	r.skip(`,"refs":[`)
	for r.more(len(refs)) {
		refs = append(refs, Ref{Kind: r.str(`{"kind":`), Value: r.str(`,"value":`)})
		r.skip(`}`)
	}
	return exact(refs)
}

func (r *reader) readService(room *eventRoom) *Service {
	if !r.is(`,"service":`) {
		return nil
	}
	s := &room.service
	s.StartsAt = r.maybeTime(`{"starts_at":`, &s.startsAt)
	s.EndsAt = r.maybeTime(`,"ends_at":`, &s.endsAt)
	s.StartLocal = r.maybeStr(`,"start_local":`, &s.startLocal)
	s.EndLocal = r.maybeStr(`,"end_local":`, &s.endLocal)
	s.Zone = r.str(`,"zone":`)
	s.Precision = Precision(r.str(`,"precision":`))
	s.Nights = r.maybeInt(`,"nights":`, &s.nights)
	r.skip(`}`)
	return &s.Service
}

func (r *reader) readProduct(room *eventRoom) *Product {
	if !r.is(`,"product":`) {
		return nil
	}
	p := &room.product
	p.ID = r.maybeStr(`{"id":`, &room.productID)
	p.ExternalID = r.maybeStr(`,"external_id":`, &room.productExtern)
	p.Name = r.maybeStr(`,"name":`, &room.productName)
	r.skip(`}`)
	return p
}

func (r *reader) readParty(room *eventRoom) *Party {
	if !r.is(`,"party":`) {
		return nil
	}
	p := &room.party
	p.Size = r.maybeInt(`{"size":`, &room.size)
	p.Adults = r.maybeInt(`,"adults":`, &room.adults)
	p.Children = r.maybeInt(`,"children":`, &room.children)
	r.skip(`}`)
	return p
}

func (r *reader) readPrice(room *eventRoom) *Price {
	if !r.is(`,"price":`) {
		return nil
	}
	p := &room.price
	p.Currency = r.str(`{"currency":`)
	p.Exponent = int(r.number(`,"exponent":`, strconv.IntSize))
	p.TotalMinor = r.number(`,"total_minor":`, 64)
	var few [8]Component
	components := few[:0]
	r.skip(`,"components":[`)
	for r.more(len(components)) {
		components = append(components, Component{Type: r.str(`{"type":`), AmountMinor: r.number(`,"amount_minor":`, 64)})
		r.skip(`}`)
	}
	p.Components = exact(components)
	r.skip(`}`)
	return p
}

func (r *reader) readTerms(room *eventRoom) *Terms {
	if !r.is(`,"terms":`) {
		return nil
	}
	t := &room.terms
	t.LabelNative = r.maybeStr(`{"label_native":`, &room.label)
	t.Tier = r.maybeStr(`,"tier":`, &room.tier)
	r.skip(`}`)
	return t
}

func (r *reader) readPeople() []Person {
	var few [4]Person
	people := few[:0]
	r.skip(`,"people":[`)
	for r.more(len(people)) {
		people = append(people, Person{Role: r.str(`{"role":`), Token: r.str(`,"token":`)})
		r.skip(`}`)
	}
	return exact(people)
}

package booking

func appendBooking(dst []byte, b *Booking) []byte {
	dst = appendText(dst, `{"id":`, b.ID)
	dst = appendText(dst, `,"provider":`, b.Provider)
	dst = appendText(dst, `,"source":`, b.Source)
	dst = appendRefs(append(dst, `,"refs":`...), b.Refs)
	dst = appendText(dst, `,"kind":`, b.Kind)
	dst = appendText(dst, `,"status":`, b.Status)
	dst = appendMaybeText(dst, `,"status_native":`, b.StatusNative)
	dst = appendText(dst, `,"payment_status":`, b.PaymentStatus)
	dst = appendMaybeTime(dst, `,"booked_at":`, b.BookedAt)
	dst = appendMaybeTime(dst, `,"confirmed_at":`, b.ConfirmedAt)
	dst = appendMaybeTime(dst, `,"cancelled_at":`, b.CancelledAt)
	dst = appendMaybeTime(dst, `,"updated_at":`, b.UpdatedAt)
	dst = appendService(append(dst, `,"service":`...), b.Service)
	dst = appendProduct(append(dst, `,"product":`...), b.Product)
	dst = appendParty(append(dst, `,"party":`...), b.Party)
	dst = appendPrice(append(dst, `,"price":`...), b.Price)
	dst = appendTerms(append(dst, `,"terms":`...), b.Terms)
	dst = appendPeople(append(dst, `,"people":`...), b.People)
	return append(dst, '}')
}

func appendRefs(dst []byte, refs []Ref) []byte {
	if refs == nil {
		return append(dst, null...)
	}
	dst = append(dst, '[')
	for i := range refs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, `{"kind":`, refs[i].Kind)
		dst = append(appendText(dst, `,"value":`, refs[i].Value), '}')
	}
	return append(dst, ']')
}

func appendService(dst []byte, s *Service) []byte {
	if s == nil {
		return append(dst, null...)
	}
	dst = appendMaybeTime(dst, `{"starts_at":`, s.StartsAt)
	dst = appendMaybeTime(dst, `,"ends_at":`, s.EndsAt)
	dst = appendMaybeText(dst, `,"start_local":`, s.StartLocal)
	dst = appendMaybeText(dst, `,"end_local":`, s.EndLocal)
	dst = appendText(dst, `,"zone":`, s.Zone)
	dst = appendText(dst, `,"precision":`, s.Precision)
	return append(appendMaybeInt(dst, `,"nights":`, s.Nights), '}')
}

func appendProduct(dst []byte, p *Product) []byte {
	if p == nil {
		return append(dst, null...)
	}
	dst = appendMaybeText(dst, `{"id":`, p.ID)
	dst = appendMaybeText(dst, `,"external_id":`, p.ExternalID)
	return append(appendMaybeText(dst, `,"name":`, p.Name), '}')
}

func appendParty(dst []byte, p *Party) []byte {
	if p == nil {
		return append(dst, null...)
	}
	dst = appendMaybeInt(dst, `{"size":`, p.Size)
	dst = appendMaybeInt(dst, `,"adults":`, p.Adults)
	return append(appendMaybeInt(dst, `,"children":`, p.Children), '}')
}

func appendPrice(dst []byte, p *Price) []byte {
	if p == nil {
		return append(dst, null...)
	}
	dst = appendText(dst, `{"currency":`, p.Currency)
	dst = appendInt(dst, `,"exponent":`, p.Exponent)
	dst = appendInt(dst, `,"total_minor":`, p.TotalMinor)
	return append(appendComponents(append(dst, `,"components":`...), p.Components), '}')
}

func appendComponents(dst []byte, components []Component) []byte {
	if components == nil {
		return append(dst, null...)
	}
	dst = append(dst, '[')
	for i := range components {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, `{"type":`, components[i].Type)
		dst = append(appendInt(dst, `,"amount_minor":`, components[i].AmountMinor), '}')
	}
	return append(dst, ']')
}

func appendTerms(dst []byte, t *Terms) []byte {
	if t == nil {
		return append(dst, null...)
	}
	dst = appendMaybeText(dst, `{"label_native":`, t.LabelNative)
	return append(appendMaybeText(dst, `,"tier":`, t.Tier), '}')
}

func appendPeople(dst []byte, people []Person) []byte {
	if people == nil {
		return append(dst, null...)
	}
	dst = append(dst, '[')
	for i := range people {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, `{"role":`, people[i].Role)
		dst = append(appendText(dst, `,"token":`, people[i].Token), '}')
	}
	return append(dst, ']')
}

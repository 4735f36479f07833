package booking

import "github.com/reservoirhq/reservoir/pipeline/booking/jsontext"

// appendBooking appends all of a booking but its people and its end.
func appendBooking(dst []byte, b *Booking) []byte {
	dst = jsontext.Text(dst, `{"id":`, b.ID)
	dst = jsontext.Text(dst, `,"provider":`, b.Provider)
	dst = jsontext.Text(dst, `,"source":`, b.Source)
	dst = appendRefs(append(dst, `,"refs":`...), b.Refs)
	dst = jsontext.Text(dst, `,"kind":`, b.Kind)
	dst = jsontext.Text(dst, `,"status":`, b.Status)
	dst = jsontext.MaybeText(dst, `,"status_native":`, b.StatusNative)
	dst = jsontext.Text(dst, `,"payment_status":`, b.PaymentStatus)
	dst = jsontext.MaybeTime(dst, `,"booked_at":`, b.BookedAt)
	dst = jsontext.MaybeTime(dst, `,"confirmed_at":`, b.ConfirmedAt)
	dst = jsontext.MaybeTime(dst, `,"cancelled_at":`, b.CancelledAt)
	dst = jsontext.MaybeTime(dst, `,"updated_at":`, b.UpdatedAt)
	dst = appendService(append(dst, `,"service":`...), b.Service)
	dst = appendProduct(append(dst, `,"product":`...), b.Product)
	dst = appendParty(append(dst, `,"party":`...), b.Party)
	dst = appendPrice(append(dst, `,"price":`...), b.Price)
	return appendTerms(append(dst, `,"terms":`...), b.Terms)
}

func appendRefs(dst []byte, refs []Ref) []byte {
	if refs == nil {
		return append(dst, jsontext.Null...)
	}
	dst = append(dst, '[')
	for i := range refs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.Text(dst, `{"kind":`, refs[i].Kind)
		dst = append(jsontext.Text(dst, `,"value":`, refs[i].Value), '}')
	}
	return append(dst, ']')
}

func appendService(dst []byte, s *Service) []byte {
	if s == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.MaybeTime(dst, `{"starts_at":`, s.StartsAt)
	dst = jsontext.MaybeTime(dst, `,"ends_at":`, s.EndsAt)
	dst = jsontext.MaybeText(dst, `,"start_local":`, s.StartLocal)
	dst = jsontext.MaybeText(dst, `,"end_local":`, s.EndLocal)
	dst = jsontext.Text(dst, `,"zone":`, s.Zone)
	dst = jsontext.Text(dst, `,"precision":`, s.Precision)
	return append(jsontext.MaybeInt(dst, `,"nights":`, s.Nights), '}')
}

func appendProduct(dst []byte, p *Product) []byte {
	if p == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.MaybeText(dst, `{"id":`, p.ID)
	dst = jsontext.MaybeText(dst, `,"external_id":`, p.ExternalID)
	return append(jsontext.MaybeText(dst, `,"name":`, p.Name), '}')
}

func appendParty(dst []byte, p *Party) []byte {
	if p == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.MaybeInt(dst, `{"size":`, p.Size)
	dst = jsontext.MaybeInt(dst, `,"adults":`, p.Adults)
	return append(jsontext.MaybeInt(dst, `,"children":`, p.Children), '}')
}

func appendPrice(dst []byte, p *Price) []byte {
	if p == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.Text(dst, `{"currency":`, p.Currency)
	dst = jsontext.Int(dst, `,"exponent":`, p.Exponent)
	dst = jsontext.Int(dst, `,"total_minor":`, p.TotalMinor)
	return append(appendComponents(append(dst, `,"components":`...), p.Components), '}')
}

func appendComponents(dst []byte, components []Component) []byte {
	if components == nil {
		return append(dst, jsontext.Null...)
	}
	dst = append(dst, '[')
	for i := range components {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.Text(dst, `{"type":`, components[i].Type)
		dst = append(jsontext.Int(dst, `,"amount_minor":`, components[i].AmountMinor), '}')
	}
	return append(dst, ']')
}

func appendTerms(dst []byte, t *Terms) []byte {
	if t == nil {
		return append(dst, jsontext.Null...)
	}
	dst = jsontext.MaybeText(dst, `{"label_native":`, t.LabelNative)
	return append(jsontext.MaybeText(dst, `,"tier":`, t.Tier), '}')
}

func appendPeople(dst []byte, people []Person) []byte {
	if people == nil {
		return append(dst, jsontext.Null...)
	}
	dst = append(dst, '[')
	for i := range people {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.Text(dst, `{"role":`, people[i].Role)
		dst = append(jsontext.Text(dst, `,"token":`, people[i].Token), '}')
	}
	return append(dst, ']')
}

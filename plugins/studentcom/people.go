package studentcom

import (
	"strings"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// people gives the student and the guarantor. A plan without a guarantor has
// none, which is not a gap.
func people(b jsondoc.Value, q *booking.Quality) []booking.Person {
	all := []booking.Person{}
	for _, role := range [...]string{"student", "guarantor"} {
		v := b.Get(role)
		if id := identity(v); id != "" {
			all = append(all, booking.Person{Role: role, Identity: id})
		} else if v.IsObject() {
			q.Missing = append(q.Missing, "people."+role)
		}
	}
	return all
}

// identity gives what is known of a person that tells them from others, the
// surest first: the mail address, the passport, the phone, Student.com's own
// reference, the full name with the birth date. The word before it keeps a
// passport's number from being taken for another person's phone. "" where
// nothing of that is there.
func identity(v jsondoc.Value) string {
	if mail := folded(v, "emailAddress"); strings.Contains(mail, "@") {
		return mail
	}
	for _, known := range [...]struct{ field, kind string }{
		{"passportNumber", "passport:"}, {"phone", "phone:"}, {"referenceId", "student.com:"},
	} {
		if text := folded(v, known.field); text != "" {
			return known.kind + text
		}
	}
	name := strings.Join(strings.Fields(folded(v, "firstName")+" "+folded(v, "lastName")), " ")
	if born := folded(v, "dateOfBirth"); name != "" && born != "" {
		return "born:" + born + ":" + name
	}
	return ""
}

// folded gives a text in lower case, so that a person who writes their address
// in another case is still the same.
func folded(v jsondoc.Value, field string) string {
	text, _ := v.Get(field).Text()
	return strings.ToLower(text)
}

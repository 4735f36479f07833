package redbroom

import (
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// labels are the documented values of cancellationPolicy.
var labels = []string{"flexible", "moderate", "strict"}

// reasons are the labels of cancelReason that are known to us. The provider
// publishes no list, so any other may be free text and stays out.
var reasons = []string{"change_of_plans"}

// quotes are what the provider's own sample has around a label.
const quotes = "'\"`‘’“” \t"

// terms reads the policy's label. The tier is the app's own, `goodbay.moderate`:
// what a label means is the policies' to say.
func (r *reader) terms() *booking.Terms {
	text, ok := r.data.Get("cancellationPolicy").Text()
	label := strings.ToLower(strings.Trim(text, quotes))
	if !slices.Contains(labels, label) {
		if ok {
			r.conflict("unknown_terms")
		}
		if ok || r.app == goodbay {
			r.missing("terms")
		}
		return nil
	}
	tier := r.app + "." + label
	return &booking.Terms{LabelNative: &label, Tier: &tier}
}

func (r *reader) reason() (code, native *string) {
	text, _ := r.data.Get("cancelReason").Text()
	if !slices.Contains(reasons, text) {
		return nil, nil
	}
	ours := text
	return &ours, &text
}

// by compares who cancelled with the people of the booking. A user that is
// both, or neither, leaves it unknown.
func (r *reader) by() booking.By {
	who := r.user("cancelledBy")
	if who == "" {
		return booking.ByUnknown
	}
	guest := who == r.user("guestId") || who == r.user("clientId")
	supplier := who == r.user("ownerId") || who == r.user("providerId") || who == r.user("therapistId")
	switch {
	case guest && !supplier:
		return booking.ByGuest
	case supplier && !guest:
		return booking.BySupplier
	}
	return booking.ByUnknown
}

// roles are the members that name people. clientId is guestId under another
// name, as therapistId is providerId.
var roles = [...]struct {
	role   string
	fields []string
}{
	{"guest", []string{"guestId", "clientId"}},
	{"owner", []string{"ownerId"}},
	{"provider", []string{"providerId", "therapistId"}},
	{"canceller", []string{"cancelledBy"}},
}

// people gives each role once, by the app's user id.
func (r *reader) people() []booking.Person {
	people := make([]booking.Person, 0, len(roles))
	for _, known := range roles {
		for _, field := range known.fields {
			if id := r.user(field); id != "" {
				people = append(people, booking.Person{Role: known.role, Identity: Name + ":" + r.app + ":" + id})
				break
			}
		}
	}
	return people
}

func (r *reader) user(field string) string {
	id, _ := r.data.Get(field).Text()
	return id
}

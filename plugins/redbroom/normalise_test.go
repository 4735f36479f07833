package redbroom_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// envelope wraps data in a goodbay envelope, or one of another app.
func envelope(app, event, data string) []byte {
	return fmt.Appendf(nil, `{"eventId":"e-1","eventType":%q,"timestamp":"2026-06-01T10:00:00Z","source":%q,"organizationId":"o","data":%s}`, event, app, data)
}

func normalise(t *testing.T, body []byte) booking.Event {
	t.Helper()
	events, err := provider(t, testConfig()).Normalise(pipeline.Event{Request: pipeline.Request{Body: body}})
	if err != nil || len(events) != 1 {
		t.Fatalf("%s: %d events, %v", body, len(events), err)
	}
	return events[0]
}

func TestCancelledByComparesUsers(t *testing.T) {
	for name, tc := range map[string]struct {
		data string
		want booking.By
	}{
		"guest":              {`"cancelledBy":"g","guestId":"g","ownerId":"o"`, booking.ByGuest},
		"guest by the alias": {`"cancelledBy":"g","clientId":"g","ownerId":"o"`, booking.ByGuest},
		"owner":              {`"cancelledBy":"o","guestId":"g","ownerId":"o"`, booking.BySupplier},
		"therapist":          {`"cancelledBy":"t","clientId":"g","therapistId":"t"`, booking.BySupplier},
		"somebody else":      {`"cancelledBy":"x","guestId":"g","ownerId":"o"`, booking.ByUnknown},
		"both at once":       {`"cancelledBy":"g","guestId":"g","ownerId":"g"`, booking.ByUnknown},
		"not said":           {`"guestId":"g","ownerId":"o"`, booking.ByUnknown},
		"empty":              {`"cancelledBy":"","guestId":"","ownerId":"o"`, booking.ByUnknown},
		"null":               {`"cancelledBy":null,"guestId":null`, booking.ByUnknown},
		"a number":           {`"cancelledBy":1,"guestId":1`, booking.ByUnknown},
	} {
		e := normalise(t, envelope("goodbay", "booking.cancelled", `{"bookingId":"b",`+tc.data+`}`))
		if e.Cancellation.By != tc.want {
			t.Errorf("%s: %s, want %s", name, e.Cancellation.By, tc.want)
		}
	}
}

func TestTermsTakeKnownLabelsOnly(t *testing.T) {
	for label, want := range map[string]string{
		`flexible`: "goodbay.flexible", `'flexible'`: "goodbay.flexible", `"strict"`: "goodbay.strict", ` Moderate `: "goodbay.moderate", `‘strict’`: "goodbay.strict",
		`super strict`: "", `Ana's own`: "", `''`: "",
	} {
		text, err := json.Marshal(label)
		if err != nil {
			t.Fatal(err)
		}
		e := normalise(t, envelope("goodbay", "booking.cancelled", `{"bookingId":"b","cancellationPolicy":`+string(text)+`}`))
		switch {
		case want == "" && (e.Booking.Terms != nil || !slices.Contains(e.Quality.Missing, "terms") || !slices.Contains(e.Quality.Conflicts, "unknown_terms")):
			t.Errorf("%s: terms %v, quality %v", label, e.Booking.Terms, e.Quality)
		case want != "" && (e.Booking.Terms == nil || *e.Booking.Terms.Tier != want):
			t.Errorf("%s: terms %v, want tier %s", label, e.Booking.Terms, want)
		}
	}
}

func TestAnUndocumentedEventAboutABookingIsAnUpdateThatSaysNothing(t *testing.T) {
	for event, want := range map[string]struct {
		kind     booking.Type
		status   booking.Status
		conflict bool
	}{
		"booking.confirmed":   {booking.Confirmed, booking.StatusConfirmed, false},
		"booking.expired":     {booking.Expired, booking.StatusExpired, false},
		"booking.rescheduled": {booking.Updated, booking.StatusUnknown, true},
	} {
		e := normalise(t, envelope("goodbay", event, `{"bookingId":"b","propertyId":"p","amountMxn":5}`))
		if e.Type != want.kind || e.Booking.Status != want.status || !e.Origin.Thin || e.Booking.Price != nil {
			t.Errorf("%s: type %s, status %s, thin %v, price %v", event, e.Type, e.Booking.Status, e.Origin.Thin, e.Booking.Price)
		}
		if slices.Contains(e.Quality.Conflicts, "unknown_event") != want.conflict || (e.Booking.StatusNative == nil) != want.conflict {
			t.Errorf("%s: quality %+v, native status %v", event, e.Quality, e.Booking.StatusNative)
		}
	}
}

func TestAnEventAboutNoBookingIsIgnored(t *testing.T) {
	for event, data := range map[string]string{"booking.rules_changed": `{}`, "listing.updated": `{"bookingId":"b"}`} {
		_, err := provider(t, testConfig()).Normalise(pipeline.Event{Request: pipeline.Request{Body: envelope("goodbay", event, data)}})
		if ending, ok := pipeline.AsEnding(err); !ok || ending != pipeline.Ignored {
			t.Errorf("%s: %v", event, err)
		}
	}
}

func TestReportedRefunds(t *testing.T) {
	type reported struct {
		field, currency string
		amount          int64 // -1 for null
	}
	for name, tc := range map[string]struct {
		data     string
		want     []reported
		conflict string
	}{
		"none":                 {`"refundAmountInCoins":7`, nil, ""},
		"nulls":                {`"refundAmount":null,"refundAmountCents":null`, nil, ""},
		"cents":                {`"refundAmountCents":420049`, []reported{{"refundAmountCents", "", 420049}}, ""},
		"pesos agree":          {`"refundAmountCents":420049,"refundAmountMxn":4200.49`, []reported{{"refundAmountCents", "MXN", 420049}, {"refundAmountMxn", "MXN", 420049}}, ""},
		"nothing agrees":       {`"refundAmountCents":0,"refundAmountMxn":0`, []reported{{"refundAmountCents", "", 0}, {"refundAmountMxn", "MXN", 0}}, ""},
		"pesos as text":        {`"refundAmountMxn":"4200.4900"`, []reported{{"refundAmountMxn", "MXN", 420049}}, ""},
		"pesos disagree":       {`"refundAmountCents":420049,"refundAmountMxn":420049`, []reported{{"refundAmountCents", "", 420049}, {"refundAmountMxn", "MXN", 42004900}}, "refund_ambiguous"},
		"legacy":               {`"refundAmount":10000`, []reported{{"refundAmount", "", -1}}, ""},
		"legacy disagrees":     {`"refundAmount":10000,"refundAmountCents":0`, []reported{{"refundAmount", "", -1}, {"refundAmountCents", "", 0}}, "refund_ambiguous"},
		"half a cent":          {`"refundAmountCents":1.5`, []reported{{"refundAmountCents", "", -1}}, "refund_unreadable"},
		"negative":             {`"refundAmountCents":-1`, []reported{{"refundAmountCents", "", -1}}, "refund_unreadable"},
		"huge":                 {`"refundAmountCents":1e400`, []reported{{"refundAmountCents", "", -1}}, "refund_unreadable"},
		"float that is whole":  {`"refundAmountCents":1.0e2`, []reported{{"refundAmountCents", "", 100}}, ""},
		"beyond a float":       {`"refundAmountCents":9007199254740993`, []reported{{"refundAmountCents", "", 9007199254740993}}, ""},
		"an object":            {`"refundAmountMxn":{}`, []reported{{"refundAmountMxn", "", -1}}, "refund_unreadable"},
		"coins are no money":   {`"refundAmountInCoins":5,"refundAmountCents":0`, []reported{{"refundAmountCents", "", 0}}, ""},
		"more digits than Mxn": {`"refundAmountMxn":1.005`, []reported{{"refundAmountMxn", "", -1}}, "refund_unreadable"},
	} {
		e := normalise(t, envelope("goodbay", "booking.cancelled", `{"bookingId":"b",`+tc.data+`}`))
		var got []reported
		for _, r := range e.RefundReported {
			one := reported{field: r.Field, amount: -1}
			if r.Currency != nil {
				one.currency = *r.Currency
			}
			if r.AmountMinor != nil {
				one.amount = *r.AmountMinor
			}
			got = append(got, one)
		}
		if !slices.Equal(got, tc.want) || strings.Join(e.Quality.Conflicts, " ") != tc.conflict {
			t.Errorf("%s: %+v %v, want %+v %s", name, got, e.Quality.Conflicts, tc.want, tc.conflict)
		}
	}
}

func TestPrices(t *testing.T) {
	for name, tc := range map[string]struct {
		app, event, data string
		want             string // currency total components conflicts
	}{
		"pesos with both parts":   {"goodbay", "booking.reserved", `"amountMxn":8450.5,"platformFeeMxn":1450.49,"ownerPayoutMxn":7000.01`, "MXN 845050 [{accommodation 700001} {service 145049}] []"},
		"parts that do not fit":   {"goodbay", "booking.reserved", `"amountMxn":100,"platformFeeMxn":1,"ownerPayoutMxn":1`, "MXN 10000 [{accommodation 100} {service 100}] [components_do_not_add_up]"},
		"one part missing":        {"goodbay", "booking.reserved", `"amountMxn":100,"platformFeeMxn":1`, "MXN 10000 [{accommodation 10000}] []"},
		"cents":                   {"plenura", "booking.created", `"amount":95000,"currency":"mxn"`, "MXN 95000 [{service_price 95000}] []"},
		"cents without currency":  {"plenura", "booking.created", `"amount":95000`, "none []"},
		"unknown currency":        {"plenura", "booking.created", `"amount":95000,"currency":"XXX"`, "none []"},
		"cents of yen":            {"plenura", "booking.created", `"amount":95000,"currency":"JPY"`, "none [amount_unit_unknown]"},
		"negative":                {"plenura", "booking.created", `"amount":-1,"currency":"MXN"`, "none []"},
		"half a cent":             {"plenura", "booking.created", `"amount":0.5,"currency":"MXN"`, "none []"},
		"coins":                   {"goodbay", "booking.reserved", `"priceInCoins":8450`, "none []"},
		"both, equal":             {"goodbay", "booking.completed", `"amountMxn":950,"amount":95000,"currency":"MXN"`, "MXN 95000 [{accommodation 95000}] []"},
		"both, not equal":         {"goodbay", "booking.completed", `"amountMxn":950,"amount":950,"currency":"MXN"`, "MXN 95000 [{accommodation 95000}] [price_ambiguous]"},
		"a cancellation has none": {"goodbay", "booking.cancelled", `"priceCents":10000`, "none []"},
	} {
		e := normalise(t, envelope(tc.app, tc.event, `{"bookingId":"b",`+tc.data+`}`))
		got := "none"
		if p := e.Booking.Price; p != nil {
			got = fmt.Sprintf("%s %d %v", p.Currency, p.TotalMinor, p.Components)
		} else if !slices.Contains(e.Quality.Missing, "price") {
			t.Errorf("%s: no price, and not missing", name)
		}
		if got += fmt.Sprintf(" %v", e.Quality.Conflicts); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestDatesOfAStayAreDays(t *testing.T) {
	for name, tc := range map[string]struct{ data, start, end, conflict string }{
		"dates":            {`"startDate":"2026-06-04","endDate":"2026-06-08","totalNights":4`, "2026-06-04T15:00", "2026-06-08T11:00", ""},
		"midnights UTC":    {`"startDate":"2026-06-04T00:00:00.000Z","endDate":"2026-06-08T00:00:00.000Z"`, "2026-06-04T15:00", "2026-06-08T11:00", ""},
		"midnights local":  {`"startDate":"2026-06-04T06:00:00.000Z","endDate":"2026-06-08T06:00:00Z"`, "2026-06-04T15:00", "2026-06-08T11:00", ""},
		"evening local":    {`"startDate":"2026-06-05T03:30:00Z"`, "2026-06-04T15:00", "", ""},
		"no zone":          {`"startDate":"2026-06-04T00:00:00"`, "2026-06-04T15:00", "", ""},
		"nights differ":    {`"startDate":"2026-06-04","endDate":"2026-06-08","totalNights":5`, "2026-06-04T15:00", "2026-06-08T11:00", "nights_do_not_match"},
		"the wrong way":    {`"startDate":"2026-06-08","endDate":"2026-06-04"`, "2026-06-08T15:00", "2026-06-04T11:00", booking.ConflictServiceOrder},
		"placeholder":      {`"startDate":"example-startDate","endDate":"2026-06-08"`, "", "2026-06-08T11:00", ""},
		"none":             {`"startDate":"x"`, "", "", ""},
		"no day like that": {`"startDate":"2026-02-30"`, "", "", ""},
	} {
		e := normalise(t, envelope("goodbay", "booking.reserved", `{"bookingId":"b",`+tc.data+`}`))
		start, end := "", ""
		if s := e.Booking.Service; s != nil {
			if s.Precision != booking.Day {
				t.Errorf("%s: precision %s", name, s.Precision)
			}
			if s.StartLocal != nil {
				start = *s.StartLocal
			}
			if s.EndLocal != nil {
				end = *s.EndLocal
			}
		}
		if start != tc.start || end != tc.end || strings.Join(e.Quality.Conflicts, " ") != tc.conflict {
			t.Errorf("%s: %q to %q %v", name, start, end, e.Quality.Conflicts)
		}
		gone := slices.Contains(e.Quality.Missing, "service") || slices.Contains(e.Quality.Missing, "service.starts_at")
		if (start == "") != gone {
			t.Errorf("%s: missing %v", name, e.Quality.Missing)
		}
	}
}

func TestScheduledAtIsAnInstant(t *testing.T) {
	for text, want := range map[string]string{
		"2026-05-27T17:30:00-06:00": "minute 2026-05-27T17:30 []",
		"2026-05-27T23:30:00Z":      "minute 2026-05-27T17:30 []",
		"2026-05-27T17:30:00":       "minute 2026-05-27T17:30 [service.zone]",
		"2026-05-27":                "day 2026-05-27T00:00 [service.start_local]",
		"tomorrow":                  "none",
		"0001-01-01T00:00:00Z":      "none",
	} {
		e := normalise(t, envelope("plenura", "booking.created", fmt.Sprintf(`{"bookingId":"b","scheduledAt":%q}`, text)))
		got := "none"
		if s := e.Booking.Service; s != nil {
			assumed := slices.DeleteFunc(slices.Clone(e.Quality.Assumed), func(p string) bool { return !strings.HasPrefix(p, "service") })
			got = fmt.Sprintf("%s %s %v", s.Precision, *s.StartLocal, assumed)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestKindFollowsTheApp(t *testing.T) {
	for name, tc := range map[string]struct {
		app, data string
		want      booking.Kind
	}{
		"goodbay":                {"goodbay", ``, booking.Stay},
		"plenura":                {"plenura", `,"propertyId":"p"`, booking.ServiceKind},
		"another, with property": {"camino", `,"propertyId":"p"`, booking.Stay},
		"another":                {"camino", ``, booking.ServiceKind},
	} {
		if e := normalise(t, envelope(tc.app, "booking.cancelled", `{"bookingId":"b"`+tc.data+`}`)); e.Booking.Kind != tc.want {
			t.Errorf("%s: %s, want %s", name, e.Booking.Kind, tc.want)
		}
	}
}

func TestContentIsThatOfTheData(t *testing.T) {
	of := func(body string) string { return normalise(t, []byte(body)).Origin.Content }
	base := `{"eventId":"1","eventType":"booking.cancelled","timestamp":"2026-06-01T10:00:00Z","source":"goodbay","data":{"bookingId":"b","priceCents":1}}`
	again := `{"source":"goodbay", "eventId":"2","eventType":"booking.cancelled","timestamp":"2026-06-01T10:05:00Z","data":{"priceCents":1,"bookingId":"b"}}`
	if of(base) != of(again) {
		t.Error("another envelope or order makes another version")
	}
	for _, other := range []string{
		strings.Replace(base, "priceCents\":1", "priceCents\":2", 1),
		strings.Replace(base, "booking.cancelled", "booking.completed", 1),
		strings.Replace(base, `,"priceCents":1`, "", 1),
		strings.Replace(base, "priceCents\":1", "priceCents\":9007199254740993", 1),
	} {
		if of(base) == of(other) {
			t.Errorf("equal version for %s", other)
		}
	}
	if of(strings.Replace(base, ":1}", ":9007199254740992}", 1)) == of(strings.Replace(base, ":1}", ":9007199254740993}", 1)) {
		t.Error("numbers were read as floats")
	}
}

func FuzzEnvelope(f *testing.F) {
	bodies, err := filepath.Glob("testdata/*/body.json")
	if err != nil || len(bodies) == 0 {
		f.Fatalf("no recorded webhooks: %v", err)
	}
	for _, file := range bodies {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := provider(t, testConfig())
		r := pipeline.Request{Body: body}
		id, err := p.Identify(r)
		events, bad := p.Normalise(pipeline.Event{Request: r})
		if _, ended := pipeline.AsEnding(bad); (err == nil) != (bad == nil || ended) {
			t.Errorf("identify: %v, normalise: %v", err, bad)
		}
		for _, e := range events {
			if id.Key == "" || e.Origin.NativeKey != id.Key {
				t.Errorf("key %q, event %q", id.Key, e.Origin.NativeKey)
			}
		}
	})
}

package tourcms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
)

// answer is a minimal Show Booking with more elements in the booking.
func answer(more string) string {
	return `<response><error>OK</error><booking><booking_id>1234</booking_id>` + more + `</booking></response>`
}

func normalise(t *testing.T, trigger, body string) booking.Event {
	t.Helper()
	events, err := tryNormalise(t, "event="+trigger+"&account_id=4069&channel_id=3930&booking_id=1234", body)
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	return events[0]
}

func tryNormalise(t *testing.T, query, body string) ([]booking.Event, error) {
	t.Helper()
	p, err := tourcms.New(testConfig(), pipeline.ProviderDeps{Zone: london(t)})
	if err != nil {
		t.Fatal(err)
	}
	ev := pipeline.Event{Request: pipeline.Request{RawQuery: query}}
	if body != "" {
		ev.LookUp = &pipeline.LookUp{At: start, Body: []byte(body)}
	}
	return p.Normalise(ev)
}

func TestTypeAndStatusComeFromTheLookUp(t *testing.T) {
	const alive = "<cancel_reason>0</cancel_reason>"
	for _, tc := range []struct {
		trigger, elements string
		want              string // type status conflicts
	}{
		{"new_confirmed_web", "<status>2</status>" + alive, "confirmed confirmed []"},
		{"new_confirmed_staff", "<status>2</status>" + alive, "confirmed confirmed []"},
		{"new_provisional_web", "<status>1</status>" + alive, "created pending []"},
		{"new_provisional_staff", "<status>1</status>" + alive, "created pending []"},
		{"new_quotation_staff", "<status>0</status>" + alive, "created quoted []"},
		{"new_quotation_web", "<status>0</status>" + alive, "created quoted []"},
		{"redeem_voucher", "<status>2</status>" + alive, "updated confirmed []"},
		{"something_new", "<status>2</status>" + alive, "updated confirmed []"},
		{"", "<status>2</status>" + alive, "updated confirmed []"},
		{"token_success", "<status>1</status>" + alive, "payment_recorded pending []"},
		{"token_failure", "<status>2</status>" + alive, "payment_recorded confirmed []"},

		{"cancelled", "<status>2</status><cancel_reason>22</cancel_reason>", "cancelled cancelled []"},
		{"expq_quotation", "<status>0</status><cancel_reason>20</cancel_reason>", "expired expired []"},
		{"expp_provisional", "<status>1</status><cancel_reason>21</cancel_reason>", "expired expired []"},
		{"cancelled", "<status>0</status><cancel_reason>20</cancel_reason>", "expired expired []"},

		// They disagree: the answer is believed.
		{"new_confirmed_web", "<status>2</status><cancel_reason>22</cancel_reason>", "cancelled cancelled [trigger_vs_lookup]"},
		{"token_success", "<status>2</status><cancel_reason>3</cancel_reason>", "cancelled cancelled []"},
		{"cancelled", "<status>2</status>" + alive, "updated confirmed [trigger_vs_lookup]"},
		{"expq_quotation", "<status>2</status>" + alive, "updated confirmed [trigger_vs_lookup]"},
		{"expq_quotation", "<status>0</status><cancel_reason>1</cancel_reason>", "cancelled cancelled [trigger_vs_lookup]"},
		{"new_provisional_web", "<status>2</status>" + alive, "confirmed confirmed [trigger_vs_lookup]"},
		{"new_confirmed_web", "<status>1</status>" + alive, "created pending [trigger_vs_lookup]"},

		// What is not told, or not known.
		{"new_confirmed_web", alive, "updated unknown []"},
		{"new_confirmed_web", "<status>7</status>" + alive, "updated unknown [unknown_status]"},
		{"new_confirmed_web", "<status>2</status><cancel_reason>99</cancel_reason>", "cancelled cancelled [unknown_cancel_reason trigger_vs_lookup]"},
		{"cancelled", "<status>2</status>", "cancelled cancelled []"},
		{"cancelled", "<status>2</status><cancel_reason/>", "cancelled cancelled []"},
		{"expp_provisional", "<status>1</status>", "expired expired []"},
		{"new_confirmed_web", "<status>2</status>", "confirmed confirmed []"},
		{"new_confirmed_web", "<status>2</status><cancelled_at_utc_seconds>1748422800</cancelled_at_utc_seconds>", "cancelled cancelled [trigger_vs_lookup]"},
		{"new_confirmed_web", "<status>2</status><cancel_reason>x</cancel_reason>", "confirmed confirmed [unknown_cancel_reason]"},
	} {
		e := normalise(t, tc.trigger, answer(tc.elements))
		kind := strings.TrimSuffix(strings.TrimPrefix(string(e.Type), "travel.booking."), ".v1")
		if got := fmt.Sprint(kind, " ", e.Booking.Status, " ", e.Quality.Conflicts); got != tc.want {
			t.Errorf("%s with %s: %s, want %s", tc.trigger, tc.elements, got, tc.want)
		}
		off := e.Type == booking.Cancelled || e.Type == booking.Expired
		if (e.Cancellation != nil) != off {
			t.Errorf("%s with %s: cancellation %v", tc.trigger, tc.elements, e.Cancellation)
		}
	}
}

func TestReasonsSayWhoCancelled(t *testing.T) {
	want := map[int]booking.By{1: booking.ByGuest, 2: booking.ByGuest, 20: booking.BySystem, 21: booking.BySystem, 22: booking.ByGuest, 23: booking.ByPlatform, 12: booking.ByUnknown, 24: booking.ByUnknown}
	for n := 3; n <= 11; n++ {
		want[n] = booking.BySupplier
	}
	for n, by := range want {
		e := normalise(t, "cancelled", answer(fmt.Sprintf("<status>2</status><cancel_reason>%d</cancel_reason><cancel_text>Piotr fell ill</cancel_text>", n)))
		if e.Cancellation == nil || e.Cancellation.By != by {
			t.Errorf("reason %d: %+v, want %s", n, e.Cancellation, by)
			continue
		}
		if known := by != booking.ByUnknown; (e.Cancellation.ReasonCode != nil) != known || (e.Cancellation.ReasonNative != nil) != known {
			t.Errorf("reason %d: code %v, native %v", n, e.Cancellation.ReasonCode, e.Cancellation.ReasonNative)
		}
		if r := e.Cancellation.ReasonNative; r != nil && strings.Contains(*r, "Piotr") {
			t.Errorf("reason %d: free text is published", n)
		}
	}
}

func TestInstantsAreReadBeforeLocalTimes(t *testing.T) {
	const both = "<cancel_reason>22</cancel_reason><cancel_date_time>2025-05-28 09:00:00</cancel_date_time>"
	e := normalise(t, "cancelled", answer(both))
	if at := e.Cancellation.RequestedAt; at == nil || !at.Equal(time.Date(2025, 5, 28, 8, 0, 0, 0, time.UTC)) || !slices.Contains(e.Quality.Assumed, "cancellation.requested_at") || !slices.Contains(e.Quality.Assumed, "cancelled_at") {
		t.Errorf("local: %v, assumed %v", at, e.Quality.Assumed)
	}
	e = normalise(t, "cancelled", answer(both+"<cancelled_at_utc_seconds>1748422800</cancelled_at_utc_seconds>"))
	if at := e.Cancellation.RequestedAt; at == nil || at.Unix() != 1748422800 || len(e.Quality.Assumed) > 0 || !e.Time.Equal(*at) {
		t.Errorf("instant: %v, assumed %v", at, e.Quality.Assumed)
	}
	e = normalise(t, "cancelled", answer("<cancel_reason>22</cancel_reason><cancel_date_time>0000-00-00 00:00:00</cancel_date_time>"))
	if e.Cancellation.RequestedAt != nil || !slices.Contains(e.Quality.Missing, "cancellation.requested_at") {
		t.Errorf("none: %v, missing %v", e.Cancellation.RequestedAt, e.Quality.Missing)
	}
}

func component(elements string) string {
	return "<component>" + elements + "</component>"
}

func TestServiceTimes(t *testing.T) {
	const day = "<start_date>2026-06-14</start_date><end_date>2026-06-14</end_date>"
	for name, tc := range map[string]struct {
		components, want string // precision start end, assumed and conflicts
	}{
		"instants": {
			component(day + "<start_time>08:30</start_time><start_time_utcseconds>1781422200</start_time_utcseconds><end_time_utcseconds>1781450000</end_time_utcseconds>"),
			"minute 2026-06-14T08:30 2026-06-14T16:13 [] []",
		},
		"the earliest of several": {
			component("<start_time_utcseconds>1781425800</start_time_utcseconds>") + component("<start_time_utcseconds>1781422200</start_time_utcseconds>"),
			"minute 2026-06-14T08:30  [] []",
		},
		"a fee has other dates": {
			component("<date_type>fee</date_type><start_date>2026-04-02</start_date>") + component("<start_time_utcseconds>1781422200</start_time_utcseconds>"),
			"minute 2026-06-14T08:30  [] []",
		},
		"instant in another zone than the source's": {
			component(day + "<start_time>09:30</start_time><start_time_utcseconds>1781422200</start_time_utcseconds>"),
			"minute 2026-06-14T08:30  [] [zone_vs_local_time]",
		},
		"hours": {
			component(day + "<start_time>08:30</start_time><end_time>17:00:00</end_time>"),
			"minute 2026-06-14T08:30 2026-06-14T17:00 [service.zone] []",
		},
		"one without hours": {
			component(day+"<start_time>08:30</start_time>") + component(day),
			"day 2026-06-14T00:00 2026-06-15T00:00 [service.start_local service.end_local] []",
		},
		"hours that are none": {
			component(day + "<start_time>morning</start_time>"),
			"day 2026-06-14T00:00 2026-06-15T00:00 [service.start_local service.end_local] []",
		},
		"no components": {"", "day 2026-06-14T00:00 2026-06-15T00:00 [service.start_local service.end_local] []"},
		"backwards": {
			component("<start_time_utcseconds>1781422200</start_time_utcseconds><end_time_utcseconds>1781000000</end_time_utcseconds>"),
			"minute 2026-06-14T08:30 2026-06-09T11:13 [] [service_ends_before_start]",
		},
	} {
		e := normalise(t, "redeem_voucher", answer("<status>2</status><start_date>2026-06-14</start_date><end_date>2026-06-15</end_date><components>"+tc.components+"</components>"))
		s := e.Booking.Service
		if s == nil || s.StartLocal == nil {
			t.Errorf("%s: no service", name)
			continue
		}
		end := ""
		if s.EndLocal != nil {
			end = *s.EndLocal
		}
		if got := fmt.Sprint(s.Precision, " ", *s.StartLocal, " ", end, " ", e.Quality.Assumed, " ", e.Quality.Conflicts); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	if e := normalise(t, "redeem_voucher", answer("<status>2</status><start_date>x</start_date>")); e.Booking.Service != nil || !slices.Contains(e.Quality.Missing, "service.starts_at") {
		t.Errorf("no date: %+v, missing %v", e.Booking.Service, e.Quality.Missing)
	}
}

func TestPriceAndItsParts(t *testing.T) {
	const priced = "<sale_currency>EUR</sale_currency><sales_revenue>200.00</sales_revenue><sales_revenue_display>&amp;#8364;999.00</sales_revenue_display>"
	line := func(kind, price string) string {
		return component("<date_type>" + kind + "</date_type><sale_price_inc_tax_total>" + price + "</sale_price_inc_tax_total>")
	}
	for name, tc := range map[string]struct {
		elements, components, want string
	}{
		"one":                      {priced, line("departure", "200"), "EUR 20000 [{tour 20000}] []"},
		"by type":                  {priced, line("departure", "100") + line("option", "30") + line("freesale", "50.5") + line("fee", "19.5"), "EUR 20000 [{tour 15050} {extra 3000} {booking_fee 1950}] []"},
		"discount":                 {priced, line("departure", "250") + line("option", "-50"), "EUR 20000 [{tour 25000} {extra -5000}] []"},
		"hotel and something new":  {priced, line("hotel", "150") + line("boat", "50"), "EUR 20000 [{accommodation 15000} {product 5000}] []"},
		"does not add up":          {priced, line("departure", "199.99"), "EUR 20000 [{tour 19999}] [components_do_not_add_up]"},
		"unit price of one":        {priced, component("<sale_price>200</sale_price><sale_quantity>1</sale_quantity>"), "EUR 20000 [{product 20000}] []"},
		"unit price of several":    {priced, component("<sale_price>100</sale_price><sale_quantity>2</sale_quantity><sale_quantity_rule>PERSON</sale_quantity_rule>"), "EUR 20000 [] []"},
		"group price of several":   {priced, component("<sale_price>200</sale_price><sale_quantity>2</sale_quantity><sale_quantity_rule>GROUP</sale_quantity_rule>"), "EUR 20000 [{product 20000}] []"},
		"one without a price":      {priced, line("departure", "150") + line("option", ""), "EUR 20000 [] []"},
		"another currency":         {priced, component("<sale_currency>USD</sale_currency><sale_price_inc_tax_total>200</sale_price_inc_tax_total>"), "EUR 20000 [] []"},
		"more than fits":           {priced, line("option", "90000000000000000") + line("departure", "90000000000000000"), "EUR 20000 [] []"},
		"no components":            {priced, "", "EUR 20000 [] []"},
		"yen":                      {"<sale_currency>jpy</sale_currency><sales_revenue>5000.00</sales_revenue>", line("departure", "5000"), "JPY 5000 [{tour 5000}] []"},
		"no currency":              {"<sales_revenue>200.00</sales_revenue>", "", "none []"},
		"thousands separators":     {"<sale_currency>EUR</sale_currency><sales_revenue>1,200.00</sales_revenue>", "", "none []"},
		"a fraction of a cent":     {"<sale_currency>EUR</sale_currency><sales_revenue>1.005</sales_revenue>", "", "none []"},
		"unknown currency":         {"<sale_currency>XXX</sale_currency><sales_revenue>1</sales_revenue>", "", "none []"},
		"an amount without number": {"<sale_currency>EUR</sale_currency><sales_revenue/>", "", "none []"},
	} {
		e := normalise(t, "redeem_voucher", answer("<status>2</status>"+tc.elements+"<components>"+tc.components+"</components>"))
		got := "none"
		if p := e.Booking.Price; p != nil {
			got = fmt.Sprintf("%s %d %v", p.Currency, p.TotalMinor, p.Components)
			if (len(p.Components) == 0) != slices.Contains(e.Quality.Missing, "price.components") {
				t.Errorf("%s: missing %v", name, e.Quality.Missing)
			}
		} else if !slices.Contains(e.Quality.Missing, "price") {
			t.Errorf("%s: no price, and not missing", name)
		}
		if got += fmt.Sprintf(" %v", e.Quality.Conflicts); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestPaymentStatusNeedsABalanceBeyondZero(t *testing.T) {
	for elements, want := range map[string]string{
		"<payment_status>0</payment_status><balance>0</balance>":      booking.PaymentUnpaid,
		"<payment_status>3</payment_status><balance>0.00</balance>":   booking.PaymentPaid,
		"<payment_status>1</payment_status><balance>50.00</balance>":  booking.PaymentPartial,
		"<payment_status>1</payment_status><balance>200.00</balance>": booking.PaymentUnpaid,
		"<payment_status>1</payment_status><balance>-5</balance>":     booking.PaymentUnknown,
		"<payment_status>1</payment_status><balance>201</balance>":    booking.PaymentUnknown,
		"<payment_status>1</payment_status>":                          booking.PaymentUnknown,
		"<balance>0</balance>":                                        booking.PaymentPaid,
	} {
		e := normalise(t, "redeem_voucher", answer("<status>2</status><sale_currency>EUR</sale_currency><sales_revenue>200</sales_revenue>"+elements))
		if e.Booking.PaymentStatus != want {
			t.Errorf("%s: %s, want %s", elements, e.Booking.PaymentStatus, want)
		}
	}
}

func TestPaymentsOfToken(t *testing.T) {
	payments := `<status>2</status><payments>
		<payment><payment_date_time>2026-05-11 18:20:00</payment_date_time><payment_value>942.50</payment_value><payment_currency>GBP</payment_currency><gateway_mode>web</gateway_mode></payment>
		<payment><payment_date_time>2026-04-02 09:13:02</payment_date_time><payment_value>100.00</payment_value><payment_currency>GBP</payment_currency><gateway_mode>by hand</gateway_mode></payment>
	</payments>`
	e := normalise(t, "token_success", answer(payments))
	if p := e.Payment; p == nil || p.ID != "payment-1" || *p.AmountMinor != 94250 || *p.Currency != "GBP" || *p.Status != "succeeded" || *p.Type != "web" || !p.PaidAt.Equal(time.Date(2026, 5, 11, 17, 20, 0, 0, time.UTC)) {
		t.Errorf("the latest payment: %+v", p)
	}
	failed := normalise(t, "token_failure", answer(payments))
	if p := failed.Payment; p == nil || *p.Status != "failed" || p.AmountMinor != nil {
		t.Errorf("a failed payment: %+v", p)
	}
	if failed.Origin.Content != e.Origin.Content {
		t.Error("two triggers that found the same content are two events")
	}
	none := normalise(t, "token_success", answer("<status>2</status><payments/>"))
	if p := none.Payment; p == nil || p.AmountMinor != nil || !slices.Contains(none.Quality.Missing, "payment.amount_minor") {
		t.Errorf("no payment listed: %+v", p)
	}
}

func TestRefundsAreTheNegativePaymentsOfACancelledBooking(t *testing.T) {
	pay := func(value, currency string) string {
		return "<payment><payment_value>" + value + "</payment_value><payment_currency>" + currency + "</payment_currency></payment>"
	}
	all := "<payments>" + pay("100", "GBP") + pay("-30.5", "GBP") + pay("-20", "GBP") + pay("-7", "EUR") + pay("x", "GBP") + pay("-1", "") + "</payments>"
	e := normalise(t, "cancelled", answer("<cancel_reason>1</cancel_reason>"+all))
	got := ""
	for _, r := range e.RefundReported {
		got += fmt.Sprintf("%s %d;", *r.Currency, *r.AmountMinor)
	}
	if got != "EUR 700;GBP 5050;" {
		t.Errorf("%s", got)
	}
	if e := normalise(t, "redeem_voucher", answer("<status>2</status><cancel_reason>0</cancel_reason>"+all)); len(e.RefundReported) != 0 {
		t.Errorf("a living booking reports %v", e.RefundReported)
	}
}

func TestPeopleAreKnownByMailElseById(t *testing.T) {
	e := normalise(t, "redeem_voucher", answer(`<status>2</status><lead_customer_email> Ana@Example.com </lead_customer_email><lead_customer_id>1</lead_customer_id>
		<customers><customer><customer_id>1</customer_id><customer_email>ana@example.com</customer_email></customer>
		<customer><customer_id>2</customer_id><customer_email>none</customer_email></customer><customer><customer_id>2</customer_id></customer><customer/></customers>`))
	got := ""
	for _, p := range e.Booking.People {
		got += p.Role + " " + p.Identity + ";"
	}
	if got != "guest ana@example.com;traveller ana@example.com;traveller tourcms/4069/customer/2;" {
		t.Errorf("%s", got)
	}
	group := strings.Builder{}
	for n := range 1000 {
		fmt.Fprintf(&group, "<customer><customer_id>%d</customer_id></customer>", n)
	}
	e = normalise(t, "redeem_voucher", answer("<status>2</status><customer_count>1000</customer_count><customers>"+group.String()+"</customers>"))
	if n := len(e.Booking.People); n == 0 || n > booking.MaxList {
		t.Errorf("a group of 1000 gives %d people, which the schema refuses", n)
	}
}

func TestHookAloneMakesNoBooking(t *testing.T) {
	_, err := tryNormalise(t, hookQuery, "")
	if rejection, ok := pipeline.AsRejection(err); !ok || rejection.Reason != pipeline.Unidentified {
		t.Errorf("%v", err)
	}
}

func TestAnswersAboutSomethingElseAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want pipeline.Reason
	}{
		"another booking": {strings.Replace(answer(""), "1234", "1235", 1), pipeline.BadAnswer},
		"another account": {answer("<account_id>4070</account_id>"), pipeline.BadAnswer},
		"another channel": {answer("<channel_id>3931</channel_id>"), pipeline.BadAnswer},
		"status twice":    {answer("<status>2</status><status>1</status>"), pipeline.BadAnswer},
		"reason twice":    {answer("<cancel_reason>0</cancel_reason><cancel_reason>22</cancel_reason>"), pipeline.BadAnswer},
		"no id":           {"<response><error>OK</error><booking/></response>", pipeline.BadAnswer},
		"two bookings":    {strings.Replace(answer(""), "<booking>", "<booking/><booking>", 1), pipeline.BadAnswer},
		"another root":    {strings.ReplaceAll(answer(""), "response>", "reply>"), pipeline.BadAnswer},
		"a refusal":       {"<response><error>FAIL_SIG</error></response>", pipeline.BadAnswer},
		"none":            {"<response><error>NO MATCHING DATA</error></response>", pipeline.NotFound},
		"no XML":          {"{}", pipeline.BadAnswer},
	} {
		_, err := tryNormalise(t, hookQuery, tc.body)
		if rejection, ok := pipeline.AsRejection(err); !ok || rejection.Reason != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

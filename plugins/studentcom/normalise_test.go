package studentcom_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
)

const pending = `"stage":"in_progress"`

func TestEventIDIsTheNumberWithinTheGlobalID(t *testing.T) {
	global := func(json string) string { return base64.StdEncoding.EncodeToString([]byte(json)) }
	for given, want := range map[string]string{
		`"eyJ0eXBlIjoiRXZlbnQiLCJpZCI6MjU1NDg1N30="`:     "2554857",
		`"eyJ0eXBlIjoiRXZlbnQiLCJpZCI6MjU1NDg1N30"`:      "2554857",
		`"` + global(`{"type":"Event","id":"17"}`) + `"`: "17",
		`2554857`:    "2554857",
		`"evt-0815"`: "evt-0815",
		`"ZXZ0LTE="`: "ZXZ0LTE=",
		`"` + global(`{"type":"Event","id":1.5}`) + `"`: global(`{"type":"Event","id":1.5}`),
		`"` + global(`{"type":"Event"}`) + `"`:          global(`{"type":"Event"}`),
		`"` + global(`{"id":1}`) + `"`:                  global(`{"id":1}`),
		`null`:                                          "",
		`""`:                                            "",
		`{"id":1}`:                                      "",
		`"two words"`:                                   "",
	} {
		p, err := studentcom.New(cfg(), pipeline.ProviderDeps{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		body := `{"id":` + given + `,"data":{"object":{"referenceId":"HB1"}}}`
		id, err := p.Identify(pipeline.Request{Body: []byte(body)})
		if err != nil || id.EventID != want || id.Key != "HB1" {
			t.Errorf("%s gives %+v (%v), want event id %q", given, id, err, want)
		}
	}
}

func TestDaysAreDaysOfTheSourcesZone(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("no time zones on this machine")
	}
	e, err := normalise(t, webhook("booking.in_progress", pending+`,"moveInDate":"2025-06-13","moveOutDate":"2025-06-30"`), london)
	if err != nil {
		t.Fatal(err)
	}
	s := e.Booking.Service
	if got := s.StartsAt.Format(time.RFC3339); got != "2025-06-13T14:00:00Z" || s.Zone != "Europe/London" || *s.Nights != 17 {
		t.Errorf("service %+v starts at %s", s, got)
	}
}

func TestPaymentStatusIsToldByPaidAt(t *testing.T) {
	for members, want := range map[string]string{
		`"paidAt":"2025-06-14T10:00:00Z"`: "paid",
		`"paidAt":null`:                   "unpaid",
		`"paidAt":"soon"`:                 "unknown",
		`"x":1`:                           "unknown", // LIST and CONNECT leave it out
	} {
		if e := must(t, webhook("booking.in_progress", pending+","+members)); e.Booking.PaymentStatus != want {
			t.Errorf("%s: %s, want %s", members, e.Booking.PaymentStatus, want)
		}
	}
}

func TestPeopleAreKnownByTheSurestThingTold(t *testing.T) {
	tests := []struct{ name, student, want string }{
		{"mail, whatever its case", `{"emailAddress":" Ana@Example.ORG ","passportNumber":"X1"}`, "ana@example.org"},
		{"passport", `{"emailAddress":"none","passportNumber":"X1","phone":"+4955"}`, "passport:x1"},
		{"phone", `{"phone":"+4955","referenceId":"S1"}`, "phone:+4955"},
		{"the provider's own reference", `{"referenceId":"S1","firstName":"Ana"}`, "student.com:s1"},
		{"name and birth date", `{"firstName":"Ana ","lastName":"Maria  Example","dateOfBirth":"1999-06-02"}`, "born:1999-06-02:ana maria example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			people := must(t, webhook("booking.in_progress", pending+`,"student":`+tt.student)).Booking.People
			if len(people) != 1 || people[0].Role != "student" || people[0].Identity != tt.want {
				t.Errorf("people %+v", people)
			}
		})
	}
	e := must(t, webhook("booking.in_progress", pending+`,"student":{"firstName":"Ana"},"guarantor":null`))
	if len(e.Booking.People) != 0 || !strings.Contains(strings.Join(e.Quality.Missing, " "), "people.student") {
		t.Errorf("a name alone is %+v, missing %v", e.Booking.People, e.Quality.Missing)
	}
}

func TestContentVersionFollowsWhatReadersSee(t *testing.T) {
	version := func(members string) string {
		return must(t, webhook("booking.in_progress", pending+","+members)).Origin.Content
	}
	same := version(`"currency":"GBP","totalPrice":"379.72"`)
	if version(`"totalPrice":"379.720","currency":"gbp","cancelledReason":"x"`) != same {
		t.Error("another spelling of the same content is another version")
	}
	for _, other := range []string{
		`"currency":"EUR","totalPrice":"379.72"`, `"currency":"GBP","totalPrice":"379.73"`,
		`"currency":"GBP","totalPrice":"379.72","paidAt":null`, `"currency":"GBP","totalPrice":"379.72","propertyName":"x"`,
	} {
		if version(other) == same {
			t.Errorf("%s has the same version", other)
		}
	}
	who := func(mail string) string {
		return version(`"currency":"GBP","totalPrice":"379.72","student":{"emailAddress":"` + mail + `"}`)
	}
	if who("a@example.org") != who("b@example.org") {
		t.Error("the version, which becomes part of a public id, tells who somebody is")
	}
}

package traffic

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// student is a booking of Student.com: asked for, agreed, and then moved in or
// cancelled.
func (s *story) student() {
	say := func(name string) {
		r := s.cases[name]
		body := string(r.Body)
		body = put(body, "id", fmt.Sprintf("event-%d-%d", s.number, len(s.told)))
		body = put(body, "referenceId", s.reference())
		body = put(body, "updatedAt", s.at().Format(time.RFC3339))
		r.Body = []byte(body)
		s.tell(Webhook{Source: Student, Booking: s.reference(), Request: r.Request})
		s.step++
	}
	say("studentcom/book_waiting_for_confirmation")
	if s.chance(10) {
		s.late(func() { say("studentcom/book_waiting_for_confirmation") })
	}
	say("studentcom/book_confirmed")
	if s.chance(35) {
		say("studentcom/book_cancelled")
		if s.chance(20) {
			say("studentcom/book_cancelled") // once more, with a later time
		}
		return
	}
	say("studentcom/book_checked_in")
	say("studentcom/book_completed")
}

func (s *story) reference() string { return "HB" + strconv.Itoa(s.number) }

// broom is a stay at goodbay.
func (s *story) broom() {
	key := "bk_" + strconv.Itoa(s.number)
	say := func(name string) {
		r := s.cases[name]
		body := string(r.Body)
		body = put(body, "eventId", fmt.Sprintf("%d-%d", s.number, len(s.told)))
		body = put(body, "bookingId", key)
		body = put(body, "timestamp", s.at().Format("2006-01-02T15:04:05.000Z"))
		body = put(body, "cancelledAt", s.at().Format("2006-01-02T15:04:05.000Z"))
		r.Body = []byte(body)
		s.tell(Webhook{Source: Broom, Booking: key, Request: r.Request})
		s.step++
	}
	if s.chance(15) {
		say("redbroom/user-created")
	}
	say("redbroom/goodbay-reserved")
	say("redbroom/goodbay-created")
	if s.chance(40) {
		say("redbroom/goodbay-cancelled")
		if s.chance(20) {
			s.late(func() { say("redbroom/goodbay-created") })
		}
		return
	}
	say("redbroom/goodbay-completed")
}

// tour is a booking of TourCMS, whose webhooks only say that there is news.
func (s *story) tour() {
	say := func(trigger, answer, was string) {
		r := s.cases[answer]
		r.RawQuery = strings.ReplaceAll(r.RawQuery, "booking_id="+was, "booking_id="+strconv.Itoa(s.number))
		r.RawQuery = strings.ReplaceAll(r.RawQuery, "event="+eventOf(r.RawQuery), "event="+trigger)
		news := tourAnswer(s.cases[answer].LookUp, was, strconv.Itoa(s.number), s.at())
		s.tell(Webhook{Source: Tour, Booking: strconv.Itoa(s.number), Request: r.Request, Happen: func() { s.api.Put(strconv.Itoa(s.number), news) }})
		s.step++
	}
	say("new_confirmed_web", "tourcms/confirmed", "1234")
	if s.chance(50) {
		say("token_success", "tourcms/confirmed", "1234")
	}
	if s.chance(40) {
		say("cancelled", "tourcms/cancelled", "5678")
	}
}

func eventOf(query string) string {
	_, rest, _ := strings.Cut(query, "event=")
	trigger, _, _ := strings.Cut(rest, "&")
	return trigger
}

// put sets the first member of a name in a JSON text.
func put(body, name, value string) string {
	mark := strconv.Quote(name) + ": \""
	before, rest, ok := strings.Cut(body, mark)
	if !ok {
		return body
	}
	_, after, _ := strings.Cut(rest, `"`)
	return before + mark + value + `"` + after
}

const updated = "<updated_at_utc_seconds>"

func tourAnswer(answer []byte, was, number string, at time.Time) []byte {
	text := strings.ReplaceAll(string(answer), was, number)
	before, rest, _ := strings.Cut(text, updated)
	_, after, _ := strings.Cut(rest, "<")
	return []byte(before + updated + strconv.FormatInt(at.Unix(), 10) + "<" + after)
}

// recorded are the webhooks that others are made of, by plugin and case.
type recorded map[string]sample

type sample struct {
	pipeline.Request
	LookUp []byte
}

package payload

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// Secret signs every webhook.
	Secret = "innkeeper-bench-secret"
	// SignatureHeader holds the lower-case hex HMAC-SHA256 of the body under it.
	SignatureHeader = "X-Signature"

	// DefaultBookings is how many different bookings the webhooks speak of.
	DefaultBookings = 30_000

	// cycle is how often a webhook comes twice: one in twenty repeats one of
	// the nineteen before it, byte for byte, as a sender's retry would.
	cycle = 20
)

// pace is the time between two events at the provider.
const pace = 3700 * time.Millisecond

// Set is an endless row of webhooks about so many bookings.
type Set struct{ Bookings int }

// Webhook is one delivery.
type Webhook struct {
	EventID   string
	Booking   string // the provider's booking number
	Cancelled bool
	SentAt    time.Time
	Body      []byte
}

// IsRepeat tells a webhook that repeats an earlier one.
func IsRepeat(i int) bool { return i%cycle == cycle-1 }

// original gives the number of the webhook that i is or repeats.
func original(i int) int {
	if !IsRepeat(i) {
		return i
	}
	return i - 1 - (i/cycle)%(cycle-1)
}

// Distinct gives how many different events the first n webhooks tell of.
func Distinct(n int) int { return n - n/cycle }

// Cancelled gives how many different cancellations are among the first n.
func (s Set) Cancelled(n int) int {
	found := 0
	for i := range n {
		if !IsRepeat(i) && s.roll(i).cancelled() {
			found++
		}
	}
	return found
}

// Make gives webhook i.
func (s Set) Make(i int) Webhook {
	at := original(i)
	return s.MakeAs(i, "ev-"+strconv.FormatUint(uint64(at)*0x9E3779B97F4A7C15|1<<63, 16))
}

// MakeAs gives webhook i under another event id.
func (s Set) MakeAs(i int, eventID string) Webhook {
	d := s.roll(original(i))
	w := Webhook{EventID: eventID, Booking: d.number(), Cancelled: d.cancelled(), SentAt: d.changed.Add(time.Second)}
	w.Body = d.body(eventID)
	return w
}

// Signature gives the value of SignatureHeader for a body.
func Signature(body []byte) string {
	mac := hmac.New(sha256.New, []byte(Secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Header gives the headers a webhook is sent with.
func (w Webhook) Header() http.Header {
	return http.Header{
		"Accept-Encoding": {"gzip"},
		"Content-Length":  {strconv.Itoa(len(w.Body))},
		"Content-Type":    {"application/json"},
		"User-Agent":      {"innkeeper-webhooks/2"},
		SignatureHeader:   {Signature(w.Body)},
	}
}

// draft is what chance decided about one event.
type draft struct {
	random   *rand.Rand
	i        int
	booking  int
	state    string
	currency string
	changed  time.Time
}

// states are as frequent as they stand here: three in twenty are cancellations.
var states = [cycle]string{
	"requested", "requested", "held", "held", "confirmed", "confirmed", "confirmed", "confirmed", "confirmed", "confirmed",
	"confirmed", "confirmed", "in_house", "in_house", "departed", "departed", "no_show", "cancelled", "cancelled", "cancelled",
}

var currencies = [...]string{"EUR", "GBP", "MXN", "JPY", "KWD"}

// firstEvent is when webhook 0 happened.
var firstEvent = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)

func (s Set) roll(i int) *draft {
	r := rand.New(rand.NewPCG(0x5eed, uint64(i)))
	d := &draft{random: r, i: i}
	d.booking = r.IntN(max(1, s.Bookings))
	d.state = states[r.IntN(len(states))]
	d.currency = currencies[d.booking%len(currencies)]
	d.changed = firstEvent.Add(time.Duration(i) * pace)
	return d
}

func (d *draft) cancelled() bool { return d.state == "cancelled" }

func (d *draft) number() string { return fmt.Sprintf("IK%08d", d.booking) }

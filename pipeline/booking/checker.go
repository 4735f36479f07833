package booking

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// checker keeps the first fault.
type checker struct{ err error }

func (c *checker) require(ok bool, path, problem string) {
	if !ok {
		c.fault(path, problem)
	}
}

// fault stands apart so that require, asked some eighty times of an event, costs
// a comparison.
func (c *checker) fault(path, problem string) {
	if c.err == nil {
		c.err = fmt.Errorf("%s %s: %w", path, problem, ErrInvalid)
	}
}

func (c *checker) text(path, s string) {
	c.require(s != "", path, "is empty")
	c.maybe(path, s)
}

func (c *checker) maybe(path, s string) {
	c.require(goodText(s), path, "is not UTF-8 or longer than MaxText")
}

func (c *checker) optional(path string, s *string) {
	if s != nil {
		c.text(path, *s)
	}
}

func (c *checker) instant(path string, t *time.Time) {
	c.require(t == nil || inYears(*t), path, "has a year outside 1970..9999")
}

func (c *checker) list(path string, n int) {
	c.require(n <= MaxList, path, "has more entries than MaxList")
}

func (c *checker) service(s *Service) {
	if s == nil {
		return
	}
	c.instant("booking.service.starts_at", s.StartsAt)
	c.instant("booking.service.ends_at", s.EndsAt)
	c.local("booking.service.start_local", s.StartLocal)
	c.local("booking.service.end_local", s.EndLocal)
	c.text("booking.service.zone", s.Zone)
	c.require(s.Zone != time.Local.String(), "booking.service.zone", "is that of this machine, not an IANA name")
	c.require(s.Precision == Day || s.Precision == Minute, "booking.service.precision", "is none of ours")
	c.count("booking.service.nights", s.Nights)
}

// local checks the shape alone: the digits were written by time.Format.
func (c *checker) local(path string, s *string) {
	if s == nil {
		return
	}
	ok := len(*s) == len(localLayout)
	for i := 0; ok && i < len(localLayout); i++ {
		want, b := localLayout[i], (*s)[i]
		digit := '0' <= b && b <= '9'
		ok = digit == ('0' <= want && want <= '9') && (digit || b == want)
	}
	c.require(ok, path, "is not of the form 2006-01-02T15:04")
}

func (c *checker) count(path string, n *int) {
	c.require(n == nil || *n >= 0, path, "is negative")
}

func (c *checker) price(p *Price) {
	if p == nil {
		return
	}
	c.money("booking.price", &p.Currency, &p.Exponent)
	c.list("booking.price.components", len(p.Components))
	var sum int64
	for _, x := range p.Components {
		c.text("booking.price.components.type", x.Type)
		ok := addFits(sum, x.AmountMinor)
		c.require(ok, "booking.price.components", "add up to more than fits into 64 bit")
		if ok {
			sum += x.AmountMinor
		}
	}
}

// money checks a currency and its exponent: both or neither, as the table says.
func (c *checker) money(path string, currency *string, exponent *int) {
	c.require((currency == nil) == (exponent == nil), path, "has a currency without exponent, or the reverse")
	if currency == nil || exponent == nil {
		return
	}
	known, ok := CurrencyOf(*currency)
	if !ok || known.Code != *currency {
		c.require(false, path+".currency", "is no upper-case code of ISO 4217")
	}
	if known.Exponent != *exponent {
		c.require(false, path+".exponent", "is not that of the currency")
	}
}

func (c *checker) notes(path string, notes []string) {
	c.list(path, len(notes))
	for i, n := range notes {
		c.text(path, n)
		c.require(i == 0 || notes[i-1] < n, path, "is not sorted, or says something twice; call Tidy")
	}
}

func addFits(a, b int64) bool {
	if b > 0 {
		return a <= math.MaxInt64-b
	}
	return a >= math.MinInt64-b
}

func goodText(s string) bool { return len(s) <= MaxText && utf8.ValidString(s) }

// inYears tells whether t falls into minYear..maxYear in UTC.
func inYears(t time.Time) bool {
	s := t.Unix()
	return firstSecond <= s && s < endSecond
}

var (
	firstSecond = time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	endSecond   = time.Date(maxYear+1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

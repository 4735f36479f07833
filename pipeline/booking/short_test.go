package booking_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// exactMinor is ScaleMinor as fractions give it.
func exactMinor(decimal string, exponent int) (int64, bool) {
	r, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return 0, false
	}
	for range exponent {
		r.Mul(r, big.NewRat(10, 1))
	}
	return r.Num().Int64(), r.IsInt() && r.Num().IsInt64()
}

func TestAmountsAreExact(t *testing.T) {
	for seed := range uint64(20_000) {
		r := dice(seed)
		decimal := pick(r, "", "-") + pick(r, "0", "7", "120", "92233720368547758", "922337203685477580", strings.Repeat("9", 1+r.IntN(20)))
		decimal += pick(r, "", ".0", ".07", ".070", ".1234", "."+strings.Repeat("0", r.IntN(30))+"0") + pick(r, "", "", "e1", "E-2")
		exponent := r.IntN(booking.MaxExponent + 1)
		got, err := booking.ScaleMinor(decimal, exponent)
		if want, ok := exactMinor(decimal, exponent); (err == nil) != ok || ok && got != want {
			t.Fatalf("ScaleMinor(%q, %d) = %d, %v, want %d, %t", decimal, exponent, got, err, want, ok)
		}
	}
}

// parsed is ParseInstant as package time gives it.
func parsed(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	t = t.UTC()
	// Package time takes more than RFC 3339 does.
	lax := strings.Contains(text, ",") || strings.HasSuffix(text, "+24:00") || strings.Contains(text, "T9:")
	return t, err == nil && !lax && t.Year() >= 1970 && t.Year() <= 9999
}

func TestInstantsAreThoseOfPackageTime(t *testing.T) {
	for seed := range uint64(20_000) {
		r := dice(seed)
		text := pick(r, "1970-01-01", "2026-02-29", "2024-02-29", "9999-12-31", "2026-06-01") + pick(r, "T", "T", "t", " ") +
			pick(r, "00:00:00", "23:59:59", "23:59:60", "24:00:00", "9:00:00", "11:59:58") + pick(r, "", ".5", ",5", ".123456789", ".1234567891", ".") +
			pick(r, "Z", "z", "", "+00:00", "-00:00", "+02:00", "-06:30", "+23:59", "+24:00", "+01:60", "+01:61", "+0100", "+1:00", "+ab:00", "Z+01:00", "+01:00Z")
		got, err := booking.ParseInstant(text)
		if want, ok := parsed(text); (err == nil) != ok || ok && got != want {
			t.Fatalf("ParseInstant(%q) = %v, %v, want %v, %t", text, got, err, want, ok)
		}
	}
}

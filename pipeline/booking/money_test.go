package booking_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestParseMinorIsExact(t *testing.T) {
	tests := []struct {
		name, text, currency string
		want                 int64
	}{
		{"pence", "379.72", "GBP", 37972},
		{"whole", "2700", "GBP", 270000},
		{"lower-case currency", "2278.43", "gbp", 227843},
		{"one digit", "0.1", "EUR", 10},
		{"a float would give 28.999", "0.29", "EUR", 29},
		{"a float would lose the cent", "90071992547409.93", "EUR", 9007199254740993},
		{"negative", "-901", "USD", -90100},
		{"zeros beyond the exponent", "379.720000", "GBP", 37972},
		{"power of ten", "1e3", "GBP", 100000},
		{"power with sign", "1.5E+2", "JPY", 150},
		{"negative power", "37972e-2", "GBP", 37972},
		{"power beyond the exponent, of zeros", "379720000e-6", "GBP", 37972},
		{"no minor unit", "1200", "JPY", 1200},
		{"no minor unit, zero fraction", "1200.00", "JPY", 1200},
		{"three digits", "1.234", "KWD", 1234},
		{"Iraq has three, whatever is printed", "1.234", "IQD", 1234},
		{"four digits", "1.2345", "CLF", 12345},
		{"zero", "0.00", "GBP", 0},
		{"minus zero", "-0", "GBP", 0},
		{"zero with an absurd power", "0e999999999", "GBP", 0},
		{"zero with an absurd negative power", "0.0e-999999999", "GBP", 0},
		{"largest", "92233720368547758.07", "GBP", math.MaxInt64},
		{"smallest", "-92233720368547758.08", "GBP", math.MinInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := booking.ParseMinor(tt.text, tt.currency)
			if err != nil || got != tt.want {
				t.Fatalf("ParseMinor(%q, %q) = %d, %v; want %d", tt.text, tt.currency, got, err, tt.want)
			}
		})
	}
}

func TestParseMinorRefuses(t *testing.T) {
	tests := []struct {
		name, text, currency string
		want                 error
	}{
		{"empty", "", "GBP", booking.ErrNotNumber},
		{"minus alone", "-", "GBP", booking.ErrNotNumber},
		{"plus", "+1", "GBP", booking.ErrNotNumber},
		{"space before", " 1", "GBP", booking.ErrNotNumber},
		{"space behind", "1 ", "GBP", booking.ErrNotNumber},
		{"line end", "1\n", "GBP", booking.ErrNotNumber},
		{"thousands", "1,000.00", "GBP", booking.ErrNotNumber},
		{"decimal comma", "379,72", "GBP", booking.ErrNotNumber},
		{"underscore", "1_000", "GBP", booking.ErrNotNumber},
		{"leading zero", "007", "GBP", booking.ErrNotNumber},
		{"no digit before the point", ".5", "GBP", booking.ErrNotNumber},
		{"no digit behind the point", "5.", "GBP", booking.ErrNotNumber},
		{"no digit in the power", "1e", "GBP", booking.ErrNotNumber},
		{"no digit in the signed power", "1e-", "GBP", booking.ErrNotNumber},
		{"fraction in the power", "1e1.5", "GBP", booking.ErrNotNumber},
		{"NaN", "NaN", "GBP", booking.ErrNotNumber},
		{"Inf", "Inf", "GBP", booking.ErrNotNumber},
		{"Infinity", "-Infinity", "GBP", booking.ErrNotNumber},
		{"hex", "0x10", "GBP", booking.ErrNotNumber},
		{"digits of another script", "١٢", "GBP", booking.ErrNotNumber},
		{"currency sign", "£1", "GBP", booking.ErrNotNumber},
		{"NUL", "1\x00", "GBP", booking.ErrNotNumber},
		{"very long", strings.Repeat("1", 1000), "GBP", booking.ErrNotNumber},
		{"half a penny", "379.725", "GBP", booking.ErrFraction},
		{"half a yen", "0.5", "JPY", booking.ErrFraction},
		{"absurd negative power", "1e-999999999", "GBP", booking.ErrFraction},
		{"one too large", "92233720368547758.08", "GBP", booking.ErrOverflow},
		{"one too small", "-92233720368547758.09", "GBP", booking.ErrOverflow},
		{"large power", "1e30", "GBP", booking.ErrOverflow},
		{"absurd power", "1e999999999", "GBP", booking.ErrOverflow},
		{"power beyond int", "1e99999999999999999999", "GBP", booking.ErrOverflow},
		{"no currency", "1", "", booking.ErrCurrency},
		{"test code", "1", "XTS", booking.ErrCurrency},
		{"gold", "1", "XAU", booking.ErrCurrency},
		{"coins", "1", "coins", booking.ErrCurrency},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := booking.ParseMinor(tt.text, tt.currency)
			if !errors.Is(err, tt.want) {
				t.Fatalf("ParseMinor = %d, %v; want %v", got, err, tt.want)
			}
			if len(tt.text) > 3 && strings.Contains(err.Error(), tt.text) {
				t.Fatalf("the error holds the amount: %v", err)
			}
		})
	}
}

func TestErrorsNameAnUnknownCurrencyOnlyWhereItIsThreeLetters(t *testing.T) {
	_, err := booking.ParseMinor("1", "ana@example.com")
	if err == nil || strings.Contains(err.Error(), "ana") {
		t.Fatalf("error = %v", err)
	}
	_, err = booking.ParseMinor("1", "QQQ")
	if err == nil || !strings.Contains(err.Error(), "QQQ") {
		t.Fatalf("error = %v; want the code in it", err)
	}
}

func TestFromMinorWritesEveryDigit(t *testing.T) {
	tests := []struct {
		minor    int64
		exponent int
		want     string
	}{
		{37972, 2, "379.72"},
		{5, 2, "0.05"},
		{-5, 2, "-0.05"},
		{0, 2, "0.00"},
		{0, 0, "0"},
		{1200, 0, "1200"},
		{1234, 3, "1.234"},
		{1, 4, "0.0001"},
		{-90100, 2, "-901.00"},
		{math.MinInt64, 2, "-92233720368547758.08"},
		{math.MaxInt64, 4, "922337203685477.5807"},
		{7, 9, "7e-9"},
		{7, -3, "7e3"},
		{1, math.MaxInt32, "1e-2147483647"},
	}
	for _, tt := range tests {
		if got := booking.FromMinor(tt.minor, tt.exponent); got != tt.want {
			t.Errorf("FromMinor(%d, %d) = %s, want %s", tt.minor, tt.exponent, got, tt.want)
		}
	}
}

func TestScaleMinorRefusesAnExponentThatNoCurrencyHas(t *testing.T) {
	for _, exponent := range []int{-1, 5, math.MaxInt32} {
		if got, err := booking.ScaleMinor("1", exponent); err == nil {
			t.Errorf("ScaleMinor with exponent %d = %d, want an error", exponent, got)
		}
	}
}

func FuzzParseMinor(f *testing.F) {
	for _, seed := range []string{"379.72", "1e3", "-0", "1e999999999", "0.0e-7", "92233720368547758.08", "1,000", ""} {
		f.Add(seed, "GBP")
		f.Add(seed, "JPY")
	}
	f.Fuzz(func(t *testing.T, text, currency string) {
		minor, err := booking.ParseMinor(text, currency)
		if err != nil {
			return
		}
		c, ok := booking.CurrencyOf(currency)
		if !ok {
			t.Fatalf("an amount in an unknown currency: %d", minor)
		}
		written := booking.FromMinor(minor, c.Exponent)
		again, err := booking.ParseMinor(written, currency)
		if err != nil || again != minor {
			t.Fatalf("%d was written %s and read %d, %v", minor, written, again, err)
		}
		// Reading as float must come near: the digits are at the right place.
		if near, err := strconv.ParseFloat(text, 64); err == nil {
			want := near * math.Pow10(c.Exponent)
			if math.Abs(want-float64(minor)) > 1+math.Abs(want)*1e-9 {
				t.Fatalf("read %q as %d minor units of %s", text, minor, c.Code)
			}
		}
	})
}

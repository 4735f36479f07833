package booking

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// What can be wrong with an amount; ParseMinor wraps one of these.
var (
	ErrNotNumber = errors.New("not a decimal number")
	ErrFraction  = errors.New("more fraction digits than the currency has")
	ErrOverflow  = errors.New("too large for an amount in minor units")
	ErrCurrency  = errors.New("not a currency of ISO 4217")
)

const (
	// maxAmountText bounds the text of an amount: more than any exact int64
	// needs, with room for a provider's trailing zeros.
	maxAmountText = 64
	// maxMinorDigits is how many digits the largest int64 has.
	maxMinorDigits = 19
)

// ParseMinor reads a decimal as providers write it, such as `379.72` or
// `1e3`, into minor units of the currency, exactly. The grammar is that of a
// JSON number, so that json.Number can be handed on as it is: no leading plus,
// no leading zeros, no spaces, no thousands separators, no NaN and no Inf.
// More fraction digits than the currency has are an error unless they are
// zeros. Errors wrap ErrNotNumber, ErrFraction, ErrOverflow or ErrCurrency and
// never hold the text, which may be anything (invariant 10).
func ParseMinor(decimal, currency string) (int64, error) {
	c, ok := CurrencyOf(currency)
	if !ok {
		return 0, unknownCurrency(currency)
	}
	minor, err := ScaleMinor(decimal, c.Exponent)
	if err != nil {
		return 0, fmt.Errorf("read an amount in %s: %w", c.Code, err)
	}
	return minor, nil
}

// ScaleMinor is ParseMinor for a unit whose number of digits is known without
// a currency: exponent 0 for a field that counts cents, 2 for one in pesos.
func ScaleMinor(decimal string, exponent int) (int64, error) {
	if exponent < 0 || exponent > MaxExponent {
		return 0, fmt.Errorf("exponent %d is not in 0..%d", exponent, MaxExponent)
	}
	n, ok := scanNumber(decimal)
	if !ok {
		return 0, fmt.Errorf("text of %d bytes: %w", len(decimal), ErrNotNumber)
	}
	if n.zero {
		return 0, nil
	}
	if minor, ok := scaleShort(decimal, exponent); ok {
		return minor, nil
	}
	// Both bounds hold before the number is built: 1e999999999 costs nothing.
	if n.exponent > maxAmountText+maxMinorDigits {
		return 0, ErrOverflow
	}
	if n.exponent < -2*maxAmountText {
		return 0, ErrFraction
	}
	return shift(decimal, exponent)
}

// scaleShort is shift for what nearly every amount is: digits, and perhaps a
// fraction no longer than the unit's, that fit into 64 bit whatever they are.
func scaleShort(decimal string, exponent int) (minor int64, ok bool) {
	digits, negative := strings.CutPrefix(decimal, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	short := exponent - len(fraction)
	if short < 0 || len(whole)+exponent >= maxMinorDigits {
		return 0, false
	}
	for _, part := range [...]string{whole, fraction, "0000"[:short]} {
		for i := range len(part) {
			if part[i] > '9' { // an e
				return 0, false
			}
			minor = minor*10 + int64(part[i]-'0')
		}
	}
	if negative {
		minor = -minor
	}
	return minor, true
}

// shift gives decimal × 10^exponent; decimal follows the grammar and its own
// exponent is small.
func shift(decimal string, exponent int) (int64, error) {
	d, _, err := apd.NewFromString(decimal)
	if err != nil {
		return 0, fmt.Errorf("text of %d bytes: %w", len(decimal), ErrNotNumber)
	}
	d.Reduce(d)
	d.Exponent += int32(exponent)
	if d.Exponent < 0 {
		return 0, fmt.Errorf("%d digits too many: %w", -d.Exponent, ErrFraction)
	}
	if d.NumDigits()+int64(d.Exponent) > maxMinorDigits {
		return 0, ErrOverflow
	}
	minor, err := d.Int64()
	if err != nil {
		return 0, ErrOverflow
	}
	return minor, nil
}

// FromMinor writes minor units as a decimal: 37972 and 2 give `379.72`. An
// exponent that no currency has is written as a power of ten, so that the
// amount stays exact.
func FromMinor(minor int64, exponent int) string {
	if exponent < 0 || exponent > MaxExponent {
		return strconv.FormatInt(minor, 10) + "e" + strconv.Itoa(-exponent)
	}
	return apd.New(minor, -int32(exponent)).Text('f')
}

// unknownCurrency names the code only where it looks like one: the field may
// hold anything.
func unknownCurrency(code string) error {
	if len(code) != 3 {
		return fmt.Errorf("code of %d bytes: %w", len(code), ErrCurrency)
	}
	for i := range len(code) {
		if b := code[i] | 0x20; b < 'a' || b > 'z' {
			return fmt.Errorf("code of %d bytes: %w", len(code), ErrCurrency)
		}
	}
	return fmt.Errorf("%s: %w", code, ErrCurrency)
}

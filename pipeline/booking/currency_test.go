package booking_test

import (
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func TestCurrencyOfKnowsTheDigitsOfISO4217(t *testing.T) {
	for code, exponent := range map[string]int{
		"GBP": 2, "EUR": 2, "USD": 2, "MXN": 2, "IDR": 2, "COP": 2, "PKR": 2, "RSD": 2, "TZS": 2, "HUF": 2, "TWD": 2, "MGA": 2, "MRU": 2,
		"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "UGX": 0, "XAF": 0, "XOF": 0, "XPF": 0, "UYI": 0,
		"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
		"CLF": 4, "UYW": 4,
	} {
		c, ok := booking.CurrencyOf(code)
		if !ok || c != (booking.Currency{Code: code, Exponent: exponent}) {
			t.Errorf("CurrencyOf(%s) = %+v, %v; want exponent %d", code, c, ok, exponent)
		}
	}
}

func TestCurrencyOfTakesAnyCase(t *testing.T) {
	for _, code := range []string{"gbp", "Gbp", "GBP"} {
		if c, ok := booking.CurrencyOf(code); !ok || c.Code != "GBP" {
			t.Errorf("CurrencyOf(%s) = %+v, %v", code, c, ok)
		}
	}
}

func TestCurrencyOfRefusesWhatNothingCosts(t *testing.T) {
	for _, code := range []string{
		"", "G", "GB", "GBPX", " GB", "XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XBA", "DEM", "QQQ", "coins", "u\u017fd", "\x00\x00\x00",
	} {
		if c, ok := booking.CurrencyOf(code); ok {
			t.Errorf("CurrencyOf(%q) = %+v, want none", code, c)
		}
	}
}

func TestCurrencyOfMarksWithdrawnOnes(t *testing.T) {
	for _, code := range []string{"HRK", "BGN", "ANG", "SLL", "ZWL", "CUC"} {
		if c, ok := booking.CurrencyOf(code); !ok || !c.Withdrawn || c.Exponent != 2 {
			t.Errorf("CurrencyOf(%s) = %+v, %v; want it known and withdrawn", code, c, ok)
		}
	}
}

// A slip in the lists (a separator missing, a code twice) changes the count.
func TestTheTableHoldsEachCodeOnce(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const active, withdrawn = 17 + 7 + 2 + 139, 6
	all := booking.Currencies()
	if len(all) != active+withdrawn {
		t.Fatalf("%d currencies, want %d", len(all), active+withdrawn)
	}
	for i, c := range all {
		found, ok := booking.CurrencyOf(c.Code)
		if !ok || found != c || c.Exponent > booking.MaxExponent || strings.Trim(c.Code, letters) != "" || i > 0 && all[i-1].Code >= c.Code {
			t.Errorf("entry %d is %+v", i, c)
		}
	}
}

package booking

import (
	"cmp"
	"maps"
	"slices"
)

// Currency is one currency of ISO 4217.
type Currency struct {
	Code     string // upper case
	Exponent int    // digits of the minor unit, 0..MaxExponent
	// Withdrawn says that the currency is no longer legal tender. Bookings
	// made in it can still be cancelled, so it stays known.
	Withdrawn bool
}

// MaxExponent is the largest exponent of any currency.
const MaxExponent = 4

// CurrencyOf finds a currency by its three letters, in any case. Codes that
// are no money a booking can cost are not known: metals, units of account
// without a minor unit (XDR, XSU, XUA), XTS and XXX.
func CurrencyOf(code string) (Currency, bool) {
	if len(code) != 3 {
		return Currency{}, false
	}
	var upper [3]byte
	for i := range upper {
		b := code[i]
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		upper[i] = b
	}
	c, ok := currencies[upper]
	return c, ok
}

// Currencies gives every known currency by code, the withdrawn ones included.
func Currencies() []Currency {
	return slices.SortedFunc(maps.Values(currencies), func(a, b Currency) int { return cmp.Compare(a.Code, b.Code) })
}

// currencies is our own table: libraries that follow CLDR give the digits that
// are usual in print (IQD 0, TZS 0), not those of ISO 4217.
var currencies = table()

func table() map[[3]byte]Currency {
	t := make(map[[3]byte]Currency, 192)
	add := func(codes string, exponent int, withdrawn bool) {
		// Each code takes three letters and a separator.
		for i := 0; i+3 <= len(codes); i += 4 {
			code := codes[i : i+3]
			t[[3]byte{code[0], code[1], code[2]}] = Currency{Code: code, Exponent: exponent, Withdrawn: withdrawn}
		}
	}
	add(exponent0, 0, false)
	add(exponent2, 2, false)
	add(exponent3, 3, false)
	add(exponent4, 4, false)
	add(withdrawn2, 2, true)
	return t
}

// The lists of ISO 4217 up to amendment 180: list one, and of list three what
// was withdrawn from 2021 on. Three letters and one separator each.
const (
	exponent0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
	exponent3 = "BHD IQD JOD KWD LYD OMR TND"
	exponent4 = "CLF UYW"

	exponent2 = "AED AFN ALL AMD AOA ARS AUD AWG AZN " +
		"BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD " +
		"CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK " +
		"DKK DOP DZD EGP ERN ETB EUR FJD FKP " +
		"GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD " +
		"KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL " +
		"MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN " +
		"NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB " +
		"SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL " +
		"THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES " +
		"WST XAD XCD XCG YER ZAR ZMW ZWG"

	withdrawn2 = "ANG BGN CUC HRK SLL ZWL"
)

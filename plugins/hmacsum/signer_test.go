package hmacsum_test

import (
	"sync"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/hmacsum"
)

// The first vector is case 2 of RFC 4231, section 4.3.
const (
	vectorKey  = "Jefe"
	vectorBody = "what do ya want for nothing?"
	vectorSum  = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
)

func TestSumIsThatOfTheStandard(t *testing.T) {
	s := hmacsum.New(config.NewSecret(vectorKey))
	for range 3 { // again with what the pool has kept
		if got := hmacsum.Hex(s.Sum([]byte(vectorBody))); got != vectorSum {
			t.Fatal(got)
		}
	}
}

func TestSignedTakesNoOtherBodySecretOrSignature(t *testing.T) {
	right, _ := hmacsum.ParseHex(vectorSum)
	wrong := right
	wrong[hmacsum.Size-1] ^= 1
	empty := hmacsum.New(config.NewSecret(""))
	for name, tt := range map[string]struct {
		secret, body string
		got          [hmacsum.Size]byte
		want         bool
	}{
		"right":           {vectorKey, vectorBody, right, true},
		"another body":    {vectorKey, vectorBody + " ", right, false},
		"another secret":  {"jefe", vectorBody, right, false},
		"one bit differs": {vectorKey, vectorBody, wrong, false},
		"empty secret":    {"", vectorBody, empty.Sum([]byte(vectorBody)), false},
	} {
		if got := hmacsum.New(config.NewSecret(tt.secret)).Signed([]byte(tt.body), tt.got); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestParseHexTakesSixtyFourDigitsAlone(t *testing.T) {
	for _, digits := range []string{"", vectorSum[1:], vectorSum + "0", "x" + vectorSum[1:], " " + vectorSum[1:]} {
		if _, ok := hmacsum.ParseHex(digits); ok {
			t.Errorf("%q is taken", digits)
		}
	}
}

func TestManyMayAskAtOnce(t *testing.T) {
	s := hmacsum.New(config.NewSecret(vectorKey))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if hmacsum.Hex(s.Sum([]byte(vectorBody))) != vectorSum {
					t.Error("another sum")
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkSigned(b *testing.B) {
	s := hmacsum.New(config.NewSecret(vectorKey))
	body := make([]byte, 1200)
	want := hmacsum.Hex(s.Sum(body))
	b.ReportAllocs()
	for b.Loop() {
		if got, ok := hmacsum.ParseHex(want); !ok || !s.Signed(body, got) {
			b.Fatal("not signed")
		}
	}
}

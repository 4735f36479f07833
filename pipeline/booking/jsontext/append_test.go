package jsontext_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking/jsontext"
)

func reflected(t *testing.T, v any) string {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
}

func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "<&>", "é\u2028\u2029\ufffd", "\xff\xc3", "\xed\xa0\x80", "🏖"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := string(jsontext.Quoted([]byte("x"), s)), "x"+reflected(t, s); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

// Texts are read eight bytes at a time: each byte that does not stand for itself
// is found at every place of them.
func TestQuotedFindsWhatIsNotPlainAtEveryPlace(t *testing.T) {
	for b := range 256 {
		for length := range 20 {
			for at := range length {
				text := []byte("abcdefghijklmnopqrst")[:length]
				text[at] = byte(b)
				if got, want := string(jsontext.Quoted(nil, string(text))), reflected(t, string(text)); got != want {
					t.Fatalf("byte %#x at %d of %d: %s, want %s", b, at, length, got, want)
				}
			}
		}
	}
}

func TestMembersAreThoseOfReflection(t *testing.T) {
	at := time.Date(2026, 6, 1, 9, 59, 58, 120, time.UTC)
	text, whole := "<é>", int64(-1<<63)
	var v struct {
		A, B *string
		C    int64
		D, E *int64
		F    time.Time
		G, H *time.Time
		I, J bool
		K, L []string
	}
	v.A, v.C, v.D, v.F, v.G, v.I, v.K = &text, whole, &whole, at, &at, true, []string{"a", "\n"}
	dst := jsontext.MaybeText(nil, `{"A":`, v.A)
	dst = jsontext.MaybeText(dst, `,"B":`, v.B)
	dst = jsontext.Int(dst, `,"C":`, v.C)
	dst = jsontext.MaybeInt(dst, `,"D":`, v.D)
	dst = jsontext.MaybeInt(dst, `,"E":`, v.E)
	dst = jsontext.Time(dst, `,"F":`, v.F)
	dst = jsontext.MaybeTime(dst, `,"G":`, v.G)
	dst = jsontext.MaybeTime(dst, `,"H":`, v.H)
	dst = jsontext.Bool(dst, `,"I":`, v.I)
	dst = jsontext.Bool(dst, `,"J":`, v.J)
	dst = jsontext.Texts(dst, `,"K":`, v.K)
	dst = jsontext.Texts(dst, `,"L":`, v.L)
	if got, want := string(dst)+"}", reflected(t, v); got != want {
		t.Errorf("%s\n%s", got, want)
	}
}

func BenchmarkQuoted(b *testing.B) {
	for _, text := range []string{"guest", "tok_lOPuLLiE5Tq7CE2AgW7Leg", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "Siobhán"} {
		b.Run(text, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = jsontext.Quoted(dst[:0], text)
			}
		})
	}
}

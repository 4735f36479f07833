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

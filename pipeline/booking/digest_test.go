package booking_test

import (
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// The values are on people's disks as ids: they never change. They were made
// with another implementation: struct.pack('>Q', len(p)) + p, hashed by Python.
func TestDigestIsFixed(t *testing.T) {
	tests := []struct {
		want  string
		parts []string
	}{
		{"e3b0c44298fc1c149afbf4c8996fb924", nil},
		{"af5570f5a1810b7af78caf4bc70a660f", []string{""}},
		{"601d5476e2ccfe2c87a2bba7a3226597", []string{"ab", "c"}},
		{"f091190b5b4301db9bfe30257a788c4e", []string{"event", "studentcom", "studentcom/HB992850227", "2554857", "booking.waiting_for_confirmation"}},
	}
	for _, tt := range tests {
		if got := booking.Digest(tt.parts...); got != tt.want {
			t.Errorf("Digest(%q) = %s, want %s", tt.parts, got, tt.want)
		}
	}
	got := booking.EventID("studentcom", "studentcom/HB992850227", "2554857", "booking.waiting_for_confirmation")
	if got != tests[3].want {
		t.Errorf("EventID = %s, want %s", got, tests[3].want)
	}
}

func TestDigestTellsListsApart(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{
		nil,
		{""},
		{"", ""},
		{"abc"},
		{"ab", "c"},
		{"a", "bc"},
		{"abc", ""},
		{"", "abc"},
		{"c", "ab"},
		{"ABC"},
		{"a\x00\x00\x00\x00\x00\x00\x00\x01b"},
		{"a", "b"},
		{"a b"},
		{"a/b"},
		{"a|b"},
		{"a,b"},
	} {
		d := booking.Digest(parts...)
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q have the same digest", parts, other)
		}
		if len(d) != booking.DigestLen || strings.Trim(d, "0123456789abcdef") != "" {
			t.Errorf("Digest(%q) = %q is not %d lower-case hex digits", parts, d, booking.DigestLen)
		}
		seen[d] = parts
	}
}

func TestDigestWithABodyIsThatOfItsText(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 5000} {
		text := strings.Repeat("x", size)
		if booking.DigestWith([]byte(text), "a", text) != booking.Digest("a", text, text) {
			t.Errorf("%d bytes", size)
		}
	}
	if booking.DigestWith(nil, "a") != booking.Digest("a", "") {
		t.Error("no body is an empty one")
	}
}

func BenchmarkDigestWith(b *testing.B) {
	body := make([]byte, 1200)
	b.ReportAllocs()
	for b.Loop() {
		_ = booking.DigestWith(body, "booking.changed")
	}
}

func FuzzDigest(f *testing.F) {
	f.Add("ab", "c", "a", "bc")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if same := a == c && b == d; (booking.Digest(a, b) == booking.Digest(c, d)) != same {
			t.Fatalf("(%q, %q) and (%q, %q)", a, b, c, d)
		}
	})
}

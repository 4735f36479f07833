package plugintest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// recorded is a case with what the suite knows beside it.
type recorded struct {
	pipeline.Case
	index    int               // among the cases that give events; above 0 for the others
	private  []string          // never to be seen outside, from private.txt and the body
	identity pipeline.Identity // zero where Identify rejects
	err      error             // of Identify
}

// broken tells a case that is refused before anybody can tell its booking.
func (c recorded) broken() bool { return c.err != nil }

func (s *suite) readCases(t testing.TB) []recorded {
	t.Helper()
	if s.spec.Cases == nil {
		return nil
	}
	names, err := pipeline.CaseNames(s.spec.Cases)
	if err != nil {
		t.Fatalf("list the cases: %v", err)
	}
	all := make([]recorded, 0, len(names))
	good := 0
	for i, name := range names {
		c, err := pipeline.ReadCase(s.spec.Cases, name)
		if err != nil {
			t.Fatal(err)
		}
		c.Request.Path = strings.ReplaceAll(c.Request.Path, "{path}", s.path())
		c.Request.ReceivedAt = s.now
		r := recorded{Case: c, index: i + 1, private: privateTexts(c)}
		listed, _ := fs.ReadFile(s.spec.Cases, path.Join(name, "private.txt"))
		r.private = append(r.private, strings.FieldsFunc(string(listed), func(r rune) bool { return r == '\n' || r == '\r' })...)
		r.identity, r.err = s.provider.Identify(c.Request)
		if _, err := s.normalise(r); r.err == nil && err == nil {
			r.index = good
			good++
		}
		all = append(all, r)
	}
	return all
}

// send gives the case as the provider would send it.
func (s *suite) send(t *testing.T, c recorded) pipeline.Request {
	t.Helper()
	sender, ok := s.provider.(pipeline.Sender)
	if !ok {
		t.Fatal("the provider is no Sender")
	}
	r, err := sender.Send(clone(c.Request), s.now)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	if !bytes.Equal(r.Body, c.Request.Body) {
		t.Fatal("Send changed the body of the recorded webhook")
	}
	return r
}

// event gives what the normalise stage is handed of the case: without the
// path's secret, as it was read back from the raw topic.
func (s *suite) event(c recorded) pipeline.Event {
	r, id := clone(c.Request), c.identity
	r.PathSecret = ""
	sum := sha256.Sum256(r.Body)
	ev := pipeline.Event{
		Source: source, Plugin: s.spec.Name, ID: "delivery-1", NativeEvent: id.NativeEvent, Key: id.Key,
		Request: r, Verified: "test", ReceivedAt: s.now,
		Raw: pipeline.Raw{
			Position: pipeline.Position{Topic: "bookings.raw." + source, Partition: 1, Offset: 7},
			SHA256:   hex.EncodeToString(sum[:]),
		},
	}
	if s.spec.OneBooking {
		ev.Key = bookingID(id.Key)
	}
	if c.LookUp != nil {
		ev.LookUp = &pipeline.LookUp{At: s.now, ContentType: "application/octet-stream", Body: bytes.Clone(c.LookUp)}
	}
	return ev
}

// normalise normalises the case.
func (s *suite) normalise(c recorded) ([]booking.Event, error) {
	return s.provider.Normalise(s.event(c))
}

func clone(r pipeline.Request) pipeline.Request {
	r.Header = r.Header.Clone()
	r.Body = append([]byte{}, r.Body...)
	return r
}

// query gives the values of the query; a broken one has none.
func query(r pipeline.Request) url.Values {
	v, _ := url.ParseQuery(r.RawQuery)
	return v
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return keys
}

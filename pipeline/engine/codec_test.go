package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

func bookingEvent() *pipeline.Event {
	ev := rawEvent()
	ev.Request, ev.Key = pipeline.Request{}, "src/b1"
	ev.Raw = pipeline.Raw{Position: pipeline.Position{Topic: "bookings.raw.src", Partition: 3, Offset: 1201}, SHA256: "abc"}
	ev.Refunds = []pipeline.Refund{{Key: "k", EventID: "e", Type: "t"}}
	ev.Booking = &booking.Event{
		ID: "event", Type: booking.Cancelled, Time: ev.ReceivedAt,
		Booking: booking.Booking{ID: "src/b1", Provider: "plug", Source: "src", Status: booking.StatusCancelled},
		Origin:  booking.Origin{EventID: "e1", Content: "c", Revision: 7, At: ev.ReceivedAt, Thin: true, NativeKey: "b1"},
	}
	ev.Booking.Tidy()
	return ev
}

func TestEventsCrossATopicWhole(t *testing.T) {
	looked := rawEvent()
	looked.Raw = pipeline.Raw{Position: pipeline.Position{Topic: "bookings.raw.src", Partition: 3, Offset: 1201}, SHA256: "abc"}
	looked.LookUp = &pipeline.LookUp{At: looked.ReceivedAt, ContentType: "text/xml", Body: []byte("<b/>\x00")}
	bodyless := rawEvent()
	bodyless.Request.Method, bodyless.Request.Body = "GET", []byte{}
	for name, ev := range map[string]*pipeline.Event{"raw": rawEvent(), "raw without a body": bodyless, "looked up": looked, "booking": bookingEvent()} {
		t.Run(name, func(t *testing.T) {
			r, err := encode(ev, scrubber(nil))
			if err != nil {
				t.Fatal(err)
			}
			r.Topic, r.Partition, r.Offset = "here", 1, 5
			got, err := decode(&r)
			if err != nil {
				t.Fatal(err)
			}
			if ev.Raw.IsZero() { // the record is the raw record
				if got.Raw.Position != r.Position() || len(got.Raw.SHA256) != 64 {
					t.Errorf("raw is %+v", got.Raw)
				}
				got.Raw = pipeline.Raw{}
			}
			if got.Input != r.Position() {
				t.Errorf("input is %s", got.Input)
			}
			got.Input = pipeline.Position{}
			if ev.Booking == nil {
				ev.Request.ReceivedAt = ev.ReceivedAt
			}
			if diff := cmp.Diff(*ev, got); diff != "" {
				t.Errorf("sent (-) and read (+):\n%s", diff)
			}
		})
	}
}

func TestABodylessRequestIsAnEmptyRecordNotATombstone(t *testing.T) {
	ev := rawEvent()
	ev.Request.Body = []byte{}
	r, err := encode(ev, scrubber(nil))
	if err != nil || r.Value == nil {
		t.Errorf("value is %v, %v", r.Value, err)
	}
}

func TestForeignAndCutRecordsAreUnreadable(t *testing.T) {
	good, err := encode(bookingEvent(), scrubber(nil))
	if err != nil {
		t.Fatal(err)
	}
	without := func(name string) pipeline.Record {
		r := good
		r.Headers = nil
		for _, h := range good.Headers {
			if h.Key != name {
				r.Headers = append(r.Headers, h)
			}
		}
		return r
	}
	cut, keyless, raw := good, good, good
	cut.Value = good.Value[:len(good.Value)/2]
	keyless.Key = nil
	raw.Headers = append(append([]pipeline.Header{}, good.Headers...), pipeline.Text("raw", "nowhere"))
	for name, r := range map[string]pipeline.Record{
		"foreign": {Value: []byte("hello")}, "null": {}, "cut": cut, "keyless": keyless, "no time": without("received_at"),
		"no source": without("source"), "a bad raw position": raw,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode(&r)
			if got, ok := pipeline.AsRejection(err); !ok || got.Reason != pipeline.Unreadable {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestSecretsAreCutOutOfTheHead(t *testing.T) {
	ev := rawEvent()
	ev.Request.RawQuery = "key=s3cret-value"
	ev.Request.Header["Authorization"] = []string{"Bearer abc"}
	ev.Request.Header["X-Custom"] = []string{"is s3cret-value here"}
	text := string(head(&ev.Request, scrubber([]string{"s3cret-value", "ok"})))
	for _, secret := range []string{"s3cret-value", "Bearer abc"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q stands in %q", secret, text)
		}
	}
	if !strings.Contains(text, "POST /hooks/src/{secret}?key=<redacted> HTTP/1.1\r\n") || !strings.Contains(text, "X-Twice: 1\r\nX-Twice: 2\r\n") {
		t.Errorf("head is %q", text)
	}
}

func FuzzRecordsOfAnyFormAreReadOrRefused(f *testing.F) {
	good, err := encode(rawEvent(), scrubber(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.Text(headerHead), good.Value, good.Text(headerReceived), "", "")
	f.Add("", []byte("{}"), time.Time{}.Format(time.RFC3339Nano), "d", "t/1/2")
	f.Fuzz(func(t *testing.T, head string, value []byte, received, delivery, raw string) {
		r := pipeline.Record{Key: []byte("k"), Value: value, Headers: []pipeline.Header{
			pipeline.Text(headerID, "id"), pipeline.Text(headerSource, "src"), pipeline.Text(headerHead, head),
			pipeline.Text(headerReceived, received), pipeline.Text(headerDelivery, delivery), pipeline.Text(headerRaw, raw),
		}}
		ev, err := decode(&r)
		if err != nil {
			if _, refused := pipeline.AsRejection(err); !refused {
				t.Errorf("%v is no rejection", err)
			}
			return
		}
		if ev.Source != "src" || ev.ReceivedAt.IsZero() && received == "" {
			t.Errorf("read %+v", ev)
		}
	})
}

func BenchmarkCodec(b *testing.B) {
	for name, ev := range map[string]*pipeline.Event{"raw": rawEvent(), "booking": bookingEvent()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			scrub := scrubber([]string{"s3cret-value"})
			for b.Loop() {
				r, err := encode(ev, scrub)
				if err != nil {
					b.Fatal(err)
				}
				r.Topic = "t"
				if _, err := decode(&r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

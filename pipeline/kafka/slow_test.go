package kafka_test

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// received counts the bytes that come from a broker.
type received struct{ bytes atomic.Int64 }

func (r *received) dial(network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	return receiving{Conn: conn, by: r}, err
}

type receiving struct {
	net.Conn
	by *received
}

func (r receiving) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.by.bytes.Add(int64(n))
	return n, err
}

// TestATopicThatStandsStillHoldsUpNoOther: one topic's window stays full while
// thousands more are written to it. The other of the same broker goes on, and of
// the first no more is read than has its place (invariants 5 and 11).
func TestATopicThatStandsStillHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		const window, backlog, quickly = 8, 3000, 1000
		still, quick, p := topic(t, cfg, 1), topic(t, cfg, 1), publisher(t, cfg)
		value := bytes.Repeat([]byte{'x'}, 10<<10) // 30 MB of them
		s := subscriber(t, cfg, kafka.SubscriberConfig{WindowRecords: window})
		from := new(received)
		kafka.DialBy(s, from.dial)
		ch := subscribe(t, s, still+","+quick)
		var held []*message.Message
		done := 0
		take := func() {
			m := get(t, "a record", ch)
			if kafka.RecordOf(m).Topic == still {
				held = append(held, m)
				return
			}
			m.Ack()
			done++
		}
		for i, k := range numbered(backlog) {
			write(t, p, pipeline.Record{Topic: still, Key: []byte(k), Value: value})
			if i%(backlog/quickly) == 0 {
				write(t, p, pipeline.Record{Topic: quick, Key: []byte(k)})
			}
			if i == window {
				for len(held) < window {
					take()
				}
			}
		}
		for done < quickly {
			take()
		}
		part := pipeline.Partition{Topic: still}
		if n := kafka.Buffered(s, part); len(held) != window || n > 64 {
			t.Errorf("%d records are in work and %d read ahead", len(held), n)
		}
		for _, st := range s.Stats().Partitions {
			if st.Partition == part && st.InFlight > window {
				t.Errorf("%d records of the window of %d", st.InFlight, window)
			}
		}
		if got := from.bytes.Load(); got > 5<<20 {
			t.Errorf("%d bytes were read", got)
		}
		for _, m := range held {
			m.Ack()
		}
		for n := window; n < backlog; n++ {
			get(t, "the rest of what stood still", ch).Ack()
		}
	})
}

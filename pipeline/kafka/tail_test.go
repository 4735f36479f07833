package kafka_test

import (
	"context"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func TestTailFromGoesOnWhereAReaderStopped(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		a, n, p := admin(t, cfg), topic(t, cfg, 1), publisher(t, cfg)
		write(t, p, keyedRecords(n, "read", "not read")...)
		ctx, cancel := context.WithCancel(t.Context())
		seen, ended := make(chan string, 10), make(chan error, 1)
		go func() {
			ended <- a.TailFrom(ctx, n, map[int32]int64{0: 1}, func(r pipeline.Record) error {
				seen <- string(r.Key)
				return nil
			})
		}()
		if k := get(t, "what was not read", seen); k != "not read" {
			t.Errorf("got %s", k)
		}
		write(t, p, pipeline.Record{Topic: n, Key: []byte("new")})
		if k := get(t, "a new record", seen); k != "new" {
			t.Errorf("got %s", k)
		}
		cancel()
		if err := get(t, "the end", ended); err != nil {
			t.Error(err)
		}
	})
}

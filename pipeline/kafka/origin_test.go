package kafka_test

import (
	"testing"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestAnOffsetThatIsNoLongerKeptIsReplaced: retention was quicker than the
// group.
func TestAnOffsetThatIsNoLongerKeptIsReplaced(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		j := newJob(t, cfg, 10, 1)
		w := j.start()
		j.done()
		_ = w.Close()
		j.wg.Wait()
		write(t, publisher(t, cfg), more(j, 30)...)
		a, err := sarama.NewClusterAdmin(cfg.Brokers, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		if err := a.DeleteRecords(j.in, map[int32]int64{0: 25}); err != nil {
			t.Fatal(err)
		}
		w = j.start()
		j.done()
		_ = w.Close()
		j.wg.Wait()
		if got := total(readAll(t, cfg, j.out)); got != 2*(10+15) {
			t.Errorf("%d records came out, want those before and those that were left", got)
		}
	})
}

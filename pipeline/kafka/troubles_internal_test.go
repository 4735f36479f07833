package kafka

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

func TestAnOutageIsALineAMinuteNotOneForEachPartition(t *testing.T) {
	var out bytes.Buffer
	log, all, now := slog.New(slog.NewTextHandler(&out, nil)), troubles{}, time.Unix(0, 0)
	lines := func() int { return bytes.Count(out.Bytes(), []byte("\n")) }
	for id := range int32(50) {
		all.warn(log, now, "trouble", &sarama.ConsumerError{Topic: "t", Partition: id, Err: sarama.ErrNotConnected})
	}
	if lines() != 1 {
		t.Errorf("fifty partitions said %d lines", lines())
	}
	all.warn(log, now, "trouble", errors.New("another"))
	all.warn(log, now, "other trouble", sarama.ErrNotConnected)
	all.warn(log, now.Add(59*time.Second), "trouble", sarama.ErrNotConnected)
	if lines() != 3 {
		t.Errorf("three causes said %d lines", lines())
	}
	all.warn(log, now.Add(61*time.Second), "trouble", sarama.ErrNotConnected)
	if lines() != 4 {
		t.Errorf("what lasts is said again: %d lines", lines())
	}
}

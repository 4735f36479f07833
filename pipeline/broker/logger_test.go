package broker_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/reservoirhq/reservoir/pipeline/broker"
)

func TestASyncedTransactionIsNoWarning(t *testing.T) {
	var log bytes.Buffer
	l := broker.Logger(slog.New(slog.NewTextHandler(&log, nil)), func(err error) { t.Error(err) })
	l.Logf(kfake.LogLevelWarn, "txn: EndTxn slow pid=%d", 1)
	if log.Len() > 0 {
		t.Errorf("it logs %s", &log)
	}
	l.Logf(kfake.LogLevelWarn, "load session state: %v", "why")
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "load session state: why") {
		t.Errorf("it logs %s", &log)
	}
}

package broker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/reservoirhq/reservoir/pipeline/broker"
)

// childDir makes the test binary run as a broker in that directory instead.
const (
	childDir    = "RESERVOIR_TEST_BROKER_DIR"
	childListen = "RESERVOIR_TEST_BROKER_LISTEN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir, os.Getenv(childListen)))
	}
	// A ticker of sarama's metrics that runs as long as the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// runChild serves until its standard input ends; the parent usually kills it
// before.
func runChild(dir, at string) int {
	b, err := broker.Start(context.Background(), config(dir, at))
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(b.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := b.Close(); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

func config(dir, at string) broker.Config {
	return broker.Config{Dir: dir, Listen: at, MaxRecord: 1 << 20, Log: slog.New(slog.DiscardHandler)}
}

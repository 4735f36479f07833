package broker

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger passes kfake's lines on, and takes those that say a write failed for
// what they are: kfake logs them and then acknowledges all the same.
type logger struct {
	log  *slog.Logger
	fail func(error)
}

var _ kfake.Logger = logger{}

// Logf is called by kfake, on the goroutine that is about to answer.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	if level <= kfake.LogLevelWarn && isLost(format) {
		l.fail(fmt.Errorf(format, args...)) //nolint:goerr113 // kfake's words
		return
	}
	to := slog.LevelDebug // kfake's info is a line per connection
	switch {
	case isNormal(format):
	case level == kfake.LogLevelWarn:
		to = slog.LevelWarn
	case level == kfake.LogLevelError:
		to = slog.LevelError
	}
	if !l.log.Enabled(context.Background(), to) {
		return
	}
	l.log.Log(context.Background(), to, "embedded broker", "detail", fmt.Sprintf(format, args...))
}

// isNormal tells warnings of what our synced writes make normal: kfake holds a
// transaction that ends in more than 5 ms for slow, and a disk takes that long.
func isNormal(format string) bool { return strings.HasPrefix(format, "txn: EndTxn slow ") }

// isLost tells the lines after which memory and disk differ.
func isLost(format string) bool {
	return strings.HasPrefix(format, "persist ") || strings.HasPrefix(format, "endTx: failed")
}

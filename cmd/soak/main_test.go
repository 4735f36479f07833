package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test's binary be the members that a soak starts.
func TestMain(m *testing.M) {
	if os.Getenv(memberVariable) != "" {
		os.Exit(beMember())
	}
	goleak.VerifyTestMain(m,
		// sarama's metrics tick in one goroutine of the process.
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"),
		// net/http's client keeps the connections it has asked /readyz over.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

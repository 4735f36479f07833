package pipelinetest

import (
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// BrokersEnv names a real cluster, as host:port with commas between.
const BrokersEnv = "RESERVOIR_TEST_BROKERS"

// Broker starts a broker in the process, in memory, for the length of the test.
func Broker(t testing.TB) []string {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "10000000"}))
	if err != nil {
		t.Fatalf("start the test's broker: %v", err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}

// RealBrokers gives the real cluster, and skips the test where none is named.
func RealBrokers(t testing.TB) []string {
	t.Helper()
	list := os.Getenv(BrokersEnv)
	if list == "" {
		t.Skipf("%s names no Kafka cluster", BrokersEnv)
	}
	return strings.Split(list, ",")
}

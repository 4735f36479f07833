package config_test

import (
	"slices"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

func TestHostsAndPortsNeedNoQuotesWhereverTheyStand(t *testing.T) {
	want := []string{"kafka-1:9092", "127.0.0.1:19091"}
	for name, text := range map[string]string{
		"brackets in braces":  "kafka: {brokers: [kafka-1:9092, 127.0.0.1:19091]}",
		"brackets":            "kafka:\n  brokers: [kafka-1:9092, 127.0.0.1:19091]",
		"a list":              "kafka:\n  brokers:\n    - kafka-1:9092\n    - 127.0.0.1:19091",
		"quoted":              `kafka: {brokers: ["kafka-1:9092", '127.0.0.1:19091']}`,
		"with a key after it": "kafka: {brokers: [kafka-1:9092, 127.0.0.1:19091], client_id: c}",
	} {
		t.Run(name, func(t *testing.T) {
			file, faults := config.Loader{}.Parse("test.yaml", []byte(text))
			if !slices.Equal(file.Kafka.Brokers, want) {
				t.Errorf("brokers are %q:\n%v", file.Kafka.Brokers, faults)
			}
		})
	}
}

package innkeeper_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/bench/innkeeper"
	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
)

func TestProvider(t *testing.T) {
	plugintest.Run(t, innkeeper.Spec(), innkeeper.Config{Secret: config.NewSecret(payload.Secret)})
}

// TestTheRecordedWebhooksAreWhatIsMade keeps the cases of the contract suite
// those that the benchmarks send.
func TestTheRecordedWebhooksAreWhatIsMade(t *testing.T) {
	set := payload.Set{Bookings: payload.DefaultBookings}
	for name, cancelled := range map[string]bool{"changed": false, "cancelled": true} {
		i := 0
		for set.Make(i).Cancelled != cancelled {
			i++
		}
		want := set.Make(i).Body
		file := filepath.Join("testdata", name, "body.json")
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != string(want) {
			t.Errorf("%s is not webhook %d (%v)", file, i, err)
		}
	}
}

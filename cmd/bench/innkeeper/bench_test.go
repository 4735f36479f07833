package innkeeper_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/cmd/bench/innkeeper"
	"github.com/reservoirhq/reservoir/cmd/bench/payload"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
)

func BenchmarkProvider(b *testing.B) {
	plugintest.Bench(b, innkeeper.Spec(), innkeeper.Config{Secret: config.NewSecret(payload.Secret)})
}

package vrplatform_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
	"github.com/reservoirhq/reservoir/plugins/vrplatform"
)

func cfg() vrplatform.Config {
	return vrplatform.Config{Secret: config.NewSecret("horse-battery-7")}
}

func TestContract(t *testing.T) { plugintest.Run(t, vrplatform.Spec(), cfg()) }

func FuzzProvider(f *testing.F) { plugintest.Fuzz(f, vrplatform.Spec(), cfg()) }

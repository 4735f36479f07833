package studentcom_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
)

func cfg() studentcom.Config {
	return studentcom.Config{Secret: config.NewSecret("horse-battery-7")}
}

func TestContract(t *testing.T) { plugintest.Run(t, studentcom.Spec(), cfg()) }

func FuzzProvider(f *testing.F) { plugintest.Fuzz(f, studentcom.Spec(), cfg()) }

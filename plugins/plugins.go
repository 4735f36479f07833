package plugins

import (
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
	"github.com/reservoirhq/reservoir/plugins/vrplatform"
)

// All gives every plugin that is built in, by name.
func All() []pipeline.ProviderSpec {
	return []pipeline.ProviderSpec{
		studentcom.Spec(),
		vrplatform.Spec(),
	}
}

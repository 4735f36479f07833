package plugins

import (
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
	"github.com/reservoirhq/reservoir/plugins/vrplatform"
)

// All gives every plugin that is built in, by name.
func All() []pipeline.ProviderSpec {
	return []pipeline.ProviderSpec{
		redbroom.Spec(),
		studentcom.Spec(),
		tourcms.Spec(),
		vrplatform.Spec(),
	}
}

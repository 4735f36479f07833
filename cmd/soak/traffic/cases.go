package traffic

import (
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
)

// readCases reads every recorded webhook of the three plugins.
func readCases() (recorded, error) {
	all := recorded{}
	for _, spec := range []pipeline.ProviderSpec{studentcom.Spec(), redbroom.Spec(), tourcms.Spec()} {
		names, err := pipeline.CaseNames(spec.Cases)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			c, err := pipeline.ReadCase(spec.Cases, name)
			if err != nil {
				return nil, err
			}
			all[spec.Name+"/"+name] = sample{Request: c.Request, LookUp: c.LookUp}
		}
	}
	return all, nil
}

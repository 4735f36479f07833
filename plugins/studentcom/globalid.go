package studentcom

import (
	"encoding/base64"
	"strings"

	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// localID takes Student.com's global ids apart. One is base64 of a JSON object
// such as {"type":"Event","id":2554857} (decoded from its samples) and gives
// the id, 2554857; a text of any other form is its own id. False where the
// value cannot be an id at all.
func localID(v jsondoc.Value) (string, bool) {
	text, _ := v.Decimal()
	if isDigits(text) {
		return text, true
	}
	raw, ok := v.Name()
	if id, decoded := fromGlobal(text); decoded {
		return id, true
	}
	return raw, ok
}

func fromGlobal(text string) (string, bool) {
	const longest = 256
	if len(text) > longest {
		return "", false
	}
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return "", false
	}
	doc, err := jsondoc.Parse(decoded)
	if err != nil {
		return "", false
	}
	_, typed := doc.Get("type").Text()
	id, _ := doc.Get("id").Decimal()
	return id, typed && isDigits(id)
}

// isDigits tells a plain whole number of a length that ids have.
func isDigits(text string) bool {
	const longest = 19 // an int64
	if text == "" || len(text) > longest {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

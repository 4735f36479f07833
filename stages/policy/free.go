package policy

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/reservoirhq/reservoir/pipeline/booking/jsontext"
)

// appendParams writes what a policy says freely, its names sorted.
func appendParams(dst []byte, params map[string]any) ([]byte, error) {
	if params == nil {
		return append(dst, jsontext.Null...), nil
	}
	var few [8]string
	names := few[:0]
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		dst = append(jsontext.Quoted(comma(dst, i), name), ':')
		var err error
		if dst, err = appendParam(dst, params[name]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// appendParam writes the texts, whole numbers and nulls that nearly all are, and
// leaves the rest to encoding/json.
func appendParam(dst []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(dst, jsontext.Null...), nil
	case string:
		return jsontext.Quoted(dst, v), nil
	case json.Number:
		if n, err := v.Int64(); err == nil && strconv.FormatInt(n, 10) == string(v) {
			return append(dst, v...), nil
		}
	}
	text, err := json.Marshal(value)
	return append(dst, text...), err
}

// appendLabels writes the labels of the rules that fired; few policies have any.
func appendLabels(dst []byte, labels []map[string]any) ([]byte, error) {
	if labels != nil && len(labels) == 0 {
		return append(dst, "[]"...), nil
	}
	text, err := json.Marshal(labels)
	return append(dst, text...), err
}

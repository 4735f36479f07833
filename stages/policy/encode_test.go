package policy_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/stages/policy"
)

// encoding/json says what a decision looks like; ours has to agree with it to
// the byte, whatever is in it.
func TestDecisionsAreWrittenAsByReflection(t *testing.T) {
	for seed := range uint64(1000) {
		var d policy.Decision
		fill(rand.New(rand.NewPCG(seed, 7)), reflect.ValueOf(&d).Elem())
		got, err := policy.EncodeDecision(d)
		want, errWant := json.Marshal(&d)
		if err != nil || errWant != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %v, %v\n%s\n%s", seed, err, errWant, got, want)
		}
	}
	_, err := policy.EncodeDecision(policy.Decision{AsOf: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err == nil {
		t.Error("a year of five digits is written")
	}
}

// fill puts chance values into everything that is exported.
func fill(r *rand.Rand, v reflect.Value) {
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		*at = time.Unix(r.Int64N(4e9), r.Int64N(3)*5e8).UTC()
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(r, v.Field(i))
			}
		}
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
		}
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		free := []map[string]any{nil, {}, {"b": 1.5, "a": "<&>"}, {"x": []any{nil, true}, "c": json.Number("12"), "<d>": nil, "e": json.Number("1e3"), "f": json.Number("-0"), "a": false}}
		v.Set(reflect.ValueOf(free[r.IntN(len(free))]))
	case reflect.String:
		texts := []string{"", "goodbay.moderate", "<&>", "\n\"\\", "é\u2028", "\xff"}
		v.SetString(texts[r.IntN(len(texts))])
	default:
		v.SetInt([]int64{0, -1, 420049}[r.IntN(3)])
	}
}

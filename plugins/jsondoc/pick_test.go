package jsondoc_test

import (
	"testing"

	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// wanted is asked of every document.
func wanted() []jsondoc.Wanted {
	return []jsondoc.Wanted{{Name: "id"}, {Name: "a"}, {Name: "data", Members: []jsondoc.Wanted{{Name: "object", Members: []jsondoc.Wanted{{Name: "id"}}}, {Name: "a"}}}}
}

// pickedAlike asks that Pick refuses what Parse refuses, in the same words, and
// that what was wanted is as Parse has it.
func pickedAlike(t *testing.T, body []byte) {
	t.Helper()
	whole, err := jsondoc.Parse(body)
	few, pickErr := jsondoc.Pick(body, wanted())
	if (err == nil) != (pickErr == nil) || err != nil && err.Error() != pickErr.Error() {
		t.Fatalf("Parse says %v, Pick %v", err, pickErr)
	}
	for _, path := range [][]string{{}, {"id"}, {"a"}, {"data"}, {"data", "object"}, {"data", "a"}, {"data", "object", "id"}} {
		sameScalar(t, few.Get(path...), whole.Get(path...))
	}
}

func sameScalar(t *testing.T, got, want jsondoc.Value) {
	t.Helper()
	gotText, gotOK := got.Decimal()
	wantText, wantOK := want.Decimal()
	if gotText != wantText || gotOK != wantOK {
		t.Fatalf("text %q, want %q", gotText, wantText)
	}
	if got.Exists() != want.Exists() || got.IsNull() != want.IsNull() || got.IsList() != want.IsList() || got.IsObject() != want.IsObject() {
		t.Fatal("another kind of value")
	}
}

func TestPickKeepsWhatIsWanted(t *testing.T) {
	body := []byte(`{"no":{"id":"x","id2":[1,{"id":2}]},"id":"e-1","a":[1,2],"data":{"object":{"id":"caf\u00e9","name":"Ana"},"a":2.50}}`)
	v, err := jsondoc.Pick(body, wanted())
	if err != nil {
		t.Fatal(err)
	}
	pickedAlike(t, body)
	clear(body)
	if s, _ := v.Get("data", "object", "id").Text(); s != "café" {
		t.Errorf("a picked text is %q after its body is gone", s)
	}
	if v.Get("no").Exists() || v.Get("data", "object", "name").Exists() || len(v.Get("a").Items()) != 0 {
		t.Error("more is kept than was wanted")
	}
}

func TestPickRefusesWhatIsWrongWhereNothingIsWanted(t *testing.T) {
	for _, body := range []string{
		`{"id":"1","no":{"x":1,"x":2}}`, `{"id":"1","no":[{"x":1,"x":2}]}`, `{"id":"1","no":[1,]}`, `{"id":"1","no":"\ud800"}`,
		`{"id":"1"} x`, `{"id":"1","no":01}`, `{"id":"1","no":"` + "\xff" + `"}`, `{"id":"1","no":nul}`, `{"no":1,` + many(70) + `"no":2}`,
	} {
		if _, err := jsondoc.Pick([]byte(body), wanted()); err == nil {
			t.Errorf("%q is taken", body)
		}
		pickedAlike(t, []byte(body))
	}
}

func TestAnObjectOfManyMembersIsRead(t *testing.T) {
	body := []byte(`{"x":{` + many(99) + `"last":1},"after":{"x":1,"last":2}}`)
	v, err := jsondoc.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := v.Get("after", "last").Count(); n != 2 {
		t.Errorf("after.last is %d", n)
	}
	pickedAlike(t, body)
}

package jsondoc_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

func TestAReaderGivesWhatParseGives(t *testing.T) {
	var r jsondoc.Reader
	for round := range 2 { // the second in rooms that were used
		for _, plugin := range []string{"studentcom", "vrplatform", "redbroom"} {
			for _, body := range recorded(t, plugin) {
				want, err := jsondoc.Parse(body)
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.Parse(body)
				if err != nil || got.Sorted() != want.Sorted() {
					t.Fatalf("round %d: %v\n%s\n%s", round, err, got.Sorted(), want.Sorted())
				}
				r.Done(got)
			}
		}
	}
	if _, err := r.Parse([]byte("{")); err == nil {
		t.Error("half a document was read")
	}
}

func TestTextsOutliveTheirDocument(t *testing.T) {
	var r jsondoc.Reader
	var all sync.WaitGroup
	for n := range 64 {
		all.Go(func() {
			for i := range 100 {
				want := fmt.Sprint("ü ", n, i)
				doc, err := r.Parse(fmt.Appendf(nil, `{"a":%q,"b":"\u00fc %d%d"}`, want, n, i))
				if err != nil {
					t.Error(err)
					return
				}
				plain, _ := doc.Get("a").Text()
				escaped, _ := doc.Get("b").Text()
				r.Done(doc)
				if plain != want || escaped != want && escaped != fmt.Sprintf("ü %d%d", n, i) {
					t.Errorf("%q and %q, want %q", plain, escaped, want)
				}
			}
		})
	}
	all.Wait()
}

func TestAValueOfADocumentThatIsDoneTellsNothing(t *testing.T) {
	var r jsondoc.Reader
	doc, err := r.Parse([]byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Done(doc)
	r.Done(doc) // twice is once
	r.Done(jsondoc.Value{})
	defer func() {
		if recover() == nil {
			t.Error("it was asked and answered")
		}
	}()
	doc.Get("a")
}

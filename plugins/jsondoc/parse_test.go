package jsondoc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

func TestRefusesWhatTwoReadersUnderstandDifferently(t *testing.T) {
	tests := []struct {
		name, body string
		want       error
	}{
		{"nothing", "", jsondoc.ErrSyntax},
		{"blanks", " \n", jsondoc.ErrSyntax},
		{"a trailing comma in an object", `{"a":1,}`, jsondoc.ErrSyntax},
		{"a trailing comma in a list", `[1,]`, jsondoc.ErrSyntax},
		{"a second document", `{}{}`, jsondoc.ErrSyntax},
		{"text after the document", `{} x`, jsondoc.ErrSyntax},
		{"a byte order mark", "\ufeff{}", jsondoc.ErrSyntax},
		{"a name twice", `{"a":1,"b":2,"a":1}`, jsondoc.ErrDuplicate},
		{"a name twice, once escaped", `{"a":1,"\u0061":1}`, jsondoc.ErrDuplicate},
		{"a name twice among many", `{"x":0,` + many(60) + `"x":0}`, jsondoc.ErrDuplicate},
		{"a late name twice among many", `{` + many(60) + `"x":0,"x":0}`, jsondoc.ErrDuplicate},
		{"not UTF-8", "{\"a\":\"\xff\"}", jsondoc.ErrUTF8},
		{"half a surrogate pair", `"\ud800"`, jsondoc.ErrUTF8},
		{"half a pair and a letter", `"\ud800\u0041"`, jsondoc.ErrUTF8},
		{"a second half alone", `"\udc00"`, jsondoc.ErrUTF8},
		{"a raw newline in a text", "\"a\nb\"", jsondoc.ErrSyntax},
		{"a raw newline after an escape", "\"\\t\nb\"", jsondoc.ErrSyntax},
		{"an unknown escape", `"\x41"`, jsondoc.ErrSyntax},
		{"an escape cut short", `"\u00`, jsondoc.ErrSyntax},
		{"a leading zero", `01`, jsondoc.ErrSyntax},
		{"a leading plus", `+1`, jsondoc.ErrSyntax},
		{"a bare fraction", `.5`, jsondoc.ErrSyntax},
		{"an open fraction", `1.`, jsondoc.ErrSyntax},
		{"an open exponent", `1e`, jsondoc.ErrSyntax},
		{"a minus alone", `-`, jsondoc.ErrSyntax},
		{"not a number", `NaN`, jsondoc.ErrSyntax},
		{"a word of another language", `None`, jsondoc.ErrSyntax},
		{"too deep", strings.Repeat("[", 100_000), jsondoc.ErrDepth},
		{"too deep in objects", strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), jsondoc.ErrDepth},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := jsondoc.Parse([]byte(tt.body))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if v.Exists() {
				t.Error("a value beside the error")
			}
		})
	}
}

// many gives n members and a comma.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"k` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `":0,`)
	}
	return b.String()
}

func TestReadsWhatIsThere(t *testing.T) {
	v, err := jsondoc.Parse([]byte(` {"a":{"b":["x",null,2278.430]},"A":"other","t":" caf\u00e9 \ud83d\ude00\n","n":7,"f":1.5,"neg":-1,"e":"","ok":true} `))
	if err != nil {
		t.Fatal(err)
	}
	items := v.Get("a", "b").Items()
	if len(items) != 3 || !v.Get("a", "b").IsList() || !items[1].IsNull() {
		t.Fatalf("items %v", items)
	}
	if d, ok := items[2].Decimal(); !ok || d != "2278.430" {
		t.Errorf("decimal %q, want it as written", d)
	}
	if s, ok := v.Get("t").Text(); !ok || s != "café 😀" {
		t.Errorf("text %q", s)
	}
	if s, _ := v.Get("A").Text(); s != "other" {
		t.Errorf("names are not exact: A is %q", s)
	}
	if n, ok := v.Get("n").Count(); !ok || n != 7 {
		t.Errorf("count %d", n)
	}
	for _, name := range []string{"f", "neg", "e", "missing", "ok", "a"} {
		if _, ok := v.Get(name).Count(); ok {
			t.Errorf("%s is a count", name)
		}
		if _, ok := v.Get(name).Text(); ok {
			t.Errorf("%s is a text", name)
		}
	}
	if v.Get("a", "missing", "deeper").Exists() || v.Get("n", "x").Exists() || v.Get("e").TextPtr() != nil {
		t.Error("a member that is not there exists")
	}
}

func TestNamesCanStandInKeys(t *testing.T) {
	tests := []struct {
		text string
		ok   bool
	}{
		{"HB992850227", true},
		{" HB1 ", true},
		{"6a589982-1e2b-4bec-949e-672398f0505b", true},
		{strings.Repeat("x", 128), true},
		{"", false},
		{"a b", false},
		{"a/b", false},
		{"a\x00b", false},
		{"ä", false},
		{strings.Repeat("x", 129), false},
	}
	for _, tt := range tests {
		body, _ := json.Marshal(tt.text)
		v, err := jsondoc.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := v.Name(); ok != tt.ok || ok && got != strings.TrimSpace(tt.text) {
			t.Errorf("%q: %q, %v", tt.text, got, ok)
		}
	}
}

func TestErrorsRepeatNothing(t *testing.T) {
	for _, body := range []string{`{"hush":hush}`, `{"hush":1,"hush":2}`, `"hush`, "hush\xff"} {
		if _, err := jsondoc.Parse([]byte(body)); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("error %v", err)
		}
	}
}

// FuzzParse holds the reader against the standard library's: it takes nothing
// that is not JSON, refuses JSON only for a reason of its own, and reads the
// same values.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00",null,true,false,{}]}`, `""`, `[]`, `{"a":1,"a":2}`, `01`, "\"\xff\"", `"\ud800"`, ` 1 `, `-0`, `{"b":"<&>\u2028\u007f","a\u00e9":{"z":[],"":{}},"a":[1E5,0.10]}`, `"\\\/\b\f\n\r\t\""`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		pickedAlike(t, body)
		before := bytes.Clone(body)
		v, err := jsondoc.Parse(body)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		own := errors.Is(err, jsondoc.ErrUTF8) || errors.Is(err, jsondoc.ErrDuplicate) || errors.Is(err, jsondoc.ErrDepth)
		if valid := json.Valid(body) && utf8.Valid(body); valid != (err == nil) && !own {
			t.Fatalf("encoding/json says %v, we say %v", valid, err)
		}
		if err != nil {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		same(t, v, want)
		sorted, err := json.Marshal(want)
		if err != nil || v.Sorted() != string(sorted) {
			t.Fatalf("sorted %s, want %s (%v)", v.Sorted(), sorted, err)
		}
	})
}

func same(t *testing.T, v jsondoc.Value, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		for name, w := range want {
			same(t, v.Get(name), w)
		}
	case []any:
		if len(v.Items()) != len(want) {
			t.Fatalf("%d items, want %d", len(v.Items()), len(want))
		}
		for i, w := range want {
			same(t, v.Items()[i], w)
		}
	case json.Number:
		if d, ok := v.Decimal(); !ok || d != want.String() {
			t.Fatalf("number %q, want %q", d, want)
		}
	case string:
		if s, ok := v.Text(); ok && s != strings.TrimSpace(want) {
			t.Fatalf("text %q, want %q", s, want)
		}
	case nil:
		if !v.IsNull() {
			t.Fatal("not null")
		}
	}
}

func TestAllGoesThroughWhatItemsGives(t *testing.T) {
	for _, body := range []string{`{"a":[]}`, `{"a":[1,[2,3],{"b":[4]},"x"],"c":5}`, `{"a":{"b":1}}`, `{"a":null}`, `{}`} {
		doc, err := jsondoc.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		var all []jsondoc.Value
		for v := range doc.Get("a").All() {
			all = append(all, v)
		}
		if !slices.Equal(all, doc.Get("a").Items()) {
			t.Errorf("%s: %d members, want %d", body, len(all), len(doc.Get("a").Items()))
		}
		for range doc.Get("a").All() {
			break // whoever stops early is not asked again
		}
	}
}

package tourcms

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTreeReadsAbsentEmptyAndOneChildAlike(t *testing.T) {
	root, err := parseTree([]byte("\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c --><r><empty/><blank> \n </blank><list><i>1</i></list><text> a<![CDATA[<b>]]>&amp;&#8364; </text></r>\n"))
	if err != nil {
		t.Fatal(err)
	}
	if root.child("absent") != nil || root.value("absent") != "" || root.value("empty") != "" || root.value("blank") != "" {
		t.Error("absent, empty and blank are not alike")
	}
	if got := len(root.child("list").all("i")); got != 1 {
		t.Errorf("a list of one has %d", got)
	}
	if got := len(root.child("absent").all("i")); got != 0 {
		t.Errorf("an absent list has %d", got)
	}
	if got := root.value("text"); got != "a<b>&€" {
		t.Errorf("text %q", got)
	}
}

func TestTreeKnowsThreeEncodings(t *testing.T) {
	for name, tc := range map[string]struct{ doc, want string }{
		"none said":         {"<r>\u00e9</r>", "é"},
		"utf-8":             {`<?xml version="1.0" encoding="UTF-8"?><r>é</r>`, "é"},
		"latin 1":           {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r>\xe9</r>", "é"},
		"ascii":             {`<?xml version="1.0" encoding="us-ascii"?><r>e</r>`, "e"},
		"ascii, not really": {"<?xml version=\"1.0\" encoding=\"us-ascii\"?><r>\xe9</r>", ""},
		"another":           {`<?xml version="1.0" encoding="windows-1251"?><r>e</r>`, ""},
		"not utf-8":         {"<r>\xe9</r>", ""},
	} {
		root, err := parseTree([]byte(tc.doc))
		if (err == nil) != (tc.want != "") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && root.text != tc.want {
			t.Errorf("%s: %q, want %q", name, root.text, tc.want)
		}
	}
}

func TestTreeRefusesWhatNoAnswerNeeds(t *testing.T) {
	for name, doc := range map[string]string{
		"external entity":  `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>`,
		"internal entity":  `<!DOCTYPE r [<!ENTITY x "y">]><r/>`,
		"unknown entity":   `<r>&nbsp;</r>`,
		"two roots":        `<r/><r/>`,
		"text outside":     `<r/>x`,
		"not closed":       `<r><a></r>`,
		"closed twice":     `<r/></r>`,
		"nothing":          ``,
		"only a comment":   `<!-- r -->`,
		"too deep":         strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1),
		"too many":         "<r>" + strings.Repeat("<a/>", maxNodes) + "</r>",
		"bare attribute":   `<r a=1/>`,
		"control chars":    "<r>\x01</r>",
		"another version":  `<?xml version="1.1"?><r/>`,
		"html of a portal": "<!DOCTYPE html><html><body><br></body></html>",
	} {
		if _, err := parseTree([]byte(doc)); err == nil {
			t.Errorf("%s: read", name)
		} else if strings.Contains(err.Error(), "passwd") {
			t.Errorf("%s: the error quotes the document", name)
		}
	}
}

func TestFingerprintFollowsContentOnly(t *testing.T) {
	of := func(doc string) string {
		root, err := parseTree([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		return fingerprint(root)
	}
	base := of(`<booking><a>1</a><b/><price_display>&amp;#8364;1</price_display></booking>`)
	for name, doc := range map[string]string{
		"white space": "<booking>\n <a> 1 </a>\n <b></b></booking>",
		"a comment":   `<booking><a>1<!-- x --></a><b/></booking>`,
		"display":     `<booking><a>1</a><b/><price_display>€1</price_display></booking>`,
	} {
		if of(doc) != base {
			t.Errorf("%s makes another version", name)
		}
	}
	for name, doc := range map[string]string{
		"a value": `<booking><a>2</a><b/></booking>`, "a name": `<booking><c>1</c><b/></booking>`, "one less": `<booking><a>1</a></booking>`,
		"moved inside": `<booking><a>1<b/></a></booking>`, "moved text": `<booking><a/><b>1</b></booking>`, "twice": `<booking><a>1</a><b/><b/></booking>`,
	} {
		if of(doc) == base {
			t.Errorf("%s makes no other version", name)
		}
	}
}

// readAlike asks that the reader of plain documents takes nothing that
// encoding/xml refuses, and reads the same.
func readAlike(t *testing.T, doc []byte) {
	t.Helper()
	plain, ok := parsePlain(string(doc))
	if !ok {
		return
	}
	any, err := parseAny(doc)
	if err != nil {
		t.Fatalf("taken, and encoding/xml says: %v", err)
	}
	sameTree(t, plain, any)
}

func sameTree(t *testing.T, a, b *node) {
	t.Helper()
	for ; a != nil && b != nil; a, b = a.next, b.next {
		if a.name != b.name || a.text != b.text {
			t.Fatalf("%s %q, encoding/xml reads %s %q", a.name, a.text, b.name, b.text)
		}
		sameTree(t, a.first, b.first)
	}
	if a != nil || b != nil {
		t.Fatal("another number of elements")
	}
}

func TestRecordedAnswersArePlain(t *testing.T) {
	answers, err := filepath.Glob("testdata/*/lookup.xml")
	if err != nil || len(answers) == 0 {
		t.Fatalf("no recorded answers: %v", err)
	}
	for _, file := range answers {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		readAlike(t, doc)
		if _, ok := parsePlain(string(doc)); !ok {
			t.Errorf("%s takes the long way", file)
		}
	}
}

func FuzzTree(f *testing.F) {
	answers, err := filepath.Glob("testdata/*/lookup.xml")
	if err != nil || len(answers) == 0 {
		f.Fatalf("no recorded answers: %v", err)
	}
	for _, file := range answers {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	for _, doc := range []string{
		"<r>a&amp;b&lt;&gt;&quot;&apos;</r>", "<r>a&amp</r>", "<r>a&#65;</r>", "<r>a]]></r>", "<r>a<b/>c</r>", "<r>a<b />\r\n</r>", "<r>a\rb</r>",
		"<r>\u00a0</r>", "<r>\uffff</r>", "<r:a>x</r:a>", "<r a='1'>x</r>", "<r>x</r >", "<r>\x7f</r>", "<1/>", "<r", "<r/", "<", "</", "<r></r></r>", " <r/> ",
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		readAlike(t, doc)
		root, err := parseTree(doc)
		if err != nil {
			return
		}
		if root == nil || root.name == "" {
			t.Error("a document without a root passes")
		}
		_ = fingerprint(root)
	})
}

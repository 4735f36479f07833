package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

func testFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// source puts a plugin's configuration, indented by six spaces, into a file
// and gives its node.
func source(t *testing.T, settings string) (config.Node, *config.File) {
	t.Helper()
	text := "sources:\n  one:\n    plugin: p\n    path: /p\n" + settings +
		"pipelines:\n  bookings: {sources: [one], stages: [ingest]}\n"
	f, faults := machine().Parse("conf/reservoir.yaml", []byte(text))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return f.Sources[0].Config, f
}

type inner struct {
	Tries int             `yaml:"tries"`
	Wait  config.Duration `yaml:"wait"`
}

func (i *inner) SetDefaults() { i.Tries = 3 }

type wide struct {
	Text     string                     `yaml:"text"`
	Flag     bool                       `yaml:"flag"`
	Small    int8                       `yaml:"small"`
	Ratio    float64                    `yaml:"ratio"`
	Section  inner                      `yaml:"section"`
	Pointer  *inner                     `yaml:"pointer"`
	Number   *int                       `yaml:"number"`
	List     []inner                    `yaml:"list"`
	Words    []string                   `yaml:"words"`
	Secrets  map[string][]config.Secret `yaml:"secrets"`
	Parts    map[string]inner           `yaml:"parts"`
	File     config.Path                `yaml:"file"`
	Untagged config.Size                // no tag: the key is made from the name
	Skipped  string                     `yaml:"-"`
}

func TestDecodeFillsEveryKindOfField(t *testing.T) {
	node, f := source(t, `    config:
      text: |
        two
        lines
      flag: true
      small: -128
      ratio: 1
      section: {wait: 1m}
      pointer: {wait: 2m}
      number: 7
      list: [{tries: 1}, {wait: 3m}]
      words: [a, "1", 'true']
      secrets: {app: [{env: A}, {file: b/c}], "other app": []}
      parts: {x: {}}
      file: policies
      untagged: 2KiB
`)
	got := wide{Text: "default", Section: inner{Tries: 9}, Words: []string{"default"}}
	if err := node.Decode(&got); err != nil {
		t.Fatal(err)
	}
	seven := 7
	want := wide{
		Text: "two\nlines\n", Flag: true, Small: -128, Ratio: 1,
		Section: inner{Tries: 9, Wait: config.Duration(60e9)}, Pointer: &inner{Tries: 3, Wait: config.Duration(120e9)}, Number: &seven,
		List: []inner{{Tries: 1}, {Tries: 3, Wait: config.Duration(180e9)}}, Words: []string{"a", "1", "true"},
		Secrets: map[string][]config.Secret{
			"app": {config.NewSecret(marker + "-A"), config.NewSecret(marker + " of conf/b/c")}, "other app": {},
		},
		Parts: map[string]inner{"x": {Tries: 3}}, File: config.Path(filepath.Join("conf", "policies")), Untagged: 2048,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(f.Secrets()) != 2 {
		t.Errorf("%d secrets remembered, want 2", len(f.Secrets()))
	}
}

func TestDecodeKeepsDefaultsWhereNothingIsWritten(t *testing.T) {
	for _, settings := range []string{"", "    config:\n", "    config: {}\n"} {
		node, _ := source(t, settings)
		got := enrich{Attempts: 4, Timeout: 5}
		if err := node.Decode(&got); err != nil || got.Attempts != 4 || got.Timeout != 5 {
			t.Errorf("%q: %+v, %v", settings, got, err)
		}
	}
}

func TestValidateIsCalledOnDefaults(t *testing.T) {
	node, f := source(t, "")
	err := node.Decode(&enrich{})
	var fault *config.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, want a fault", err)
	}
	want := config.Fault{
		File: "conf/reservoir.yaml", Line: 2, Column: 3, Path: "sources.one.config.attempts",
		Problem: "must be 1 or more; 1 means no retry", Severity: config.Error, Kind: config.Invalid,
	}
	if *fault != want {
		t.Errorf("got  %+v\nwant %+v", *fault, want)
	}
	if n := len(f.Faults()); n != 2 {
		t.Errorf("the file keeps %d faults, want 2", n)
	}
}

// Only warnings: the value can be used, so that Bind goes on; they are kept.
func TestDecodeReturnsNoErrorForWarnings(t *testing.T) {
	node, f := source(t, "    config: {secret: {env: NOT_SET}, channels: []}\n")
	if err := node.Decode(&tourcms{}); err != nil {
		t.Fatal(err)
	}
	if got := f.Faults(); len(got) != 1 || got[0].Kind != config.UnsetSecret {
		t.Errorf("kept %v", got)
	}
}

func TestDecodeServesSpecBind(t *testing.T) {
	spec := pipeline.NewStageSpec("enrich", "", func() enrich { return enrich{Attempts: 2, Timeout: 1} },
		func(c enrich, _ pipeline.StageDeps) (pipeline.Stage, error) {
			return nil, errors.New(c.Timeout.String())
		})
	node, _ := source(t, "    config: {timeout: 7s}\n")
	build, err := spec.Bind(node.Decode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = build(pipeline.StageDeps{}); err == nil || err.Error() != "7s" {
		t.Errorf("built with timeout %v, want 7s", err)
	}
	node, _ = source(t, "    config: {timeuot: 7s}\n")
	if _, err = spec.Bind(node.Decode); err == nil || !strings.Contains(err.Error(), "did you mean `timeout`?") {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestNodeFaultStandsAtItsPlace(t *testing.T) {
	node, _ := source(t, "    config:\n      a:\n        b: [1, {c: 2}]\n      \"x.y\": 3\n")
	for _, tt := range []struct {
		path         string
		line, column int
	}{
		{"", 5, 5},
		{"a", 6, 7},
		{"a.b", 7, 12},
		{"a.b[1].c", 7, 20},
		{"a.b[1].missing", 7, 16},
		{"a.b[9].c", 7, 12},
		{"a.missing.b[2]", 6, 7},
		{"x.y", 8, 14},
		{"missing", 5, 5},
	} {
		var f *config.Fault
		if !errors.As(node.FaultAt(tt.path, "x"), &f) || f.Line != tt.line || f.Column != tt.column {
			t.Errorf("%q stands at %d:%d, want %d:%d", tt.path, f.Line, f.Column, tt.line, tt.column)
		}
	}
}

func TestZeroNodeValidates(t *testing.T) {
	var node config.Node
	if err := node.Decode(&enrich{Attempts: 1, Timeout: 1}); err != nil {
		t.Error(err)
	}
	if err := node.Decode(&enrich{Timeout: 1}); err == nil || err.Error() != "attempts: must be 1 or more; 1 means no retry" {
		t.Error(err)
	}
	if err := node.Decode(enrich{}); err == nil {
		t.Error("a value that is no pointer is decoded into")
	}
}

// What a type of somebody else's says of a text may quote it.
type loud struct{}

func (*loud) UnmarshalText(text []byte) error { return errors.New("cannot read " + string(text)) }

func TestForeignErrorsAreNotShown(t *testing.T) {
	node, _ := source(t, "    config: {loud: hunter2}\n")
	err := node.Decode(&struct {
		Loud *loud `yaml:"loud"`
	}{})
	if err == nil {
		t.Fatal("no fault")
	}
	hides(t, "the error", err.Error())
}

func TestReadReportsFilesItCannotOpen(t *testing.T) {
	for _, name := range []string{"missing", "forbidden"} {
		f, faults := machine().Read("conf/" + name)
		if f == nil || faults.Err() == nil || faults[0].File != "conf/"+name || faults[0].Kind != config.Unreadable {
			t.Errorf("%s: %v", name, faults)
		}
		hides(t, name, faults.Error())
	}
	if _, faults := (config.Loader{}).Read("x.yaml"); faults.Err() == nil {
		t.Error("a loader without files reads one")
	}
}

func TestSystemLoaderReadsFilesAndEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("RESERVOIR_TEST_SECRET", "from env")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key", "two lines\nmake one key\r\n")
	write("reservoir.yaml", `privacy: {key: {file: key}}
kafka: {brokers: ["a:1"], sasl: {username: u, password: {env: RESERVOIR_TEST_SECRET}}}
sources: {one: {plugin: p, path: /p, rate_limit: {per_second: 2.5}}}
pipelines: {b: {sources: [one], stages: [ingest]}}
`)
	f, faults := config.SystemLoader().Read(filepath.Join(dir, "reservoir.yaml"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if got := f.Privacy.Key.Reveal(); got != "two lines\nmake one key" {
		t.Errorf("key %q: only the last newline is cut off", got)
	}
	if got := f.Kafka.SASL.Password.Reveal(); got != "from env" || f.Kafka.SASL.Mechanism != "scram-sha-512" {
		t.Errorf("sasl %q %q", got, f.Kafka.SASL.Mechanism)
	}
	if burst := f.Sources[0].RateLimit.Burst; burst != 3 {
		t.Errorf("burst %d, want one second's worth, 3", burst)
	}
	if f.Dir() != dir || f.Sources[0].Location().String() != "UTC" {
		t.Errorf("dir %s, zone %s", f.Dir(), f.Sources[0].Location())
	}
}

func TestFilesOutOfBoundsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"large":    strings.Repeat("#", 256<<10+1),
		"brackets": "a: " + strings.Repeat("[", 10_000),
		"braces":   "a: " + strings.Repeat("{a: ", 10_000),
		"dashes":   strings.Repeat("- ", 10_000),
		"tags":     "a: " + strings.Repeat("!x ", 10_000),
		"anchors":  "a: " + strings.Repeat("&x ", 10_000),
	} {
		_, faults := machine().Parse("reservoir.yaml", []byte(text))
		if len(faults.OfKind(config.Unsupported)) == 0 {
			t.Errorf("%s: %d faults, none of kind unsupported", name, len(faults))
		}
	}
}

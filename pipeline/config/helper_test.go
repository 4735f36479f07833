package config_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

var update = flag.Bool("update", false, "write the goldens anew")

// marker is in every secret that the test files and the fake machine hold; no
// output may show it.
const marker = "hunter2"

// machine is a loader that sees a made-up environment and made-up files.
func machine() config.Loader {
	return config.Loader{Env: env, ReadFile: readFile}
}

func env(name string) (string, bool) {
	switch name {
	case "NOT_SET":
		return "", false
	case "SET_TO_NOTHING":
		return "", true
	case "SHORT":
		return marker, true
	}
	return marker + "-" + name, true
}

func readFile(path string) ([]byte, error) {
	switch filepath.Base(path) {
	case "missing":
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	case "forbidden":
		return nil, errors.New("a line of the file: " + marker)
	case "empty":
		return []byte("\n"), nil
	}
	return []byte(marker + " of " + filepath.ToSlash(path) + "\n"), nil
}

// The configurations of made-up stages and plugins, as their owners write them.
type (
	ingest struct {
		MaxBody config.Size `yaml:"max_body" doc:"Largest body."`
	}
	enrich struct {
		Attempts int             `yaml:"attempts" doc:"Tries of one look-up."`
		Timeout  config.Duration `yaml:"timeout" doc:"Bound of one try."`
	}
	tourcms struct {
		Secret   config.Secret `yaml:"secret,required" doc:"What the {secret} segment must be."`
		BaseURL  string        `yaml:"base_url" doc:"Where the API is."`
		Channels []channel     `yaml:"channels,required" doc:"Credentials."`
	}
	channel struct {
		Account     uint32        `yaml:"account,required" doc:"Account id."`
		Channel     uint32        `yaml:"channel"`
		Marketplace uint32        `yaml:"marketplace"`
		APIKey      config.Secret `yaml:"api_key,required"`
	}
	redbroom struct {
		SigningSecrets map[string][]config.Secret `yaml:"signing_secrets,required" doc:"Secrets by sending app."`
	}
	nothing struct{}
)

func (c enrich) Validate() error {
	var errs []error
	if c.Attempts < 1 {
		errs = append(errs, config.At("attempts", "must be 1 or more; 1 means no retry"))
	}
	if c.Timeout <= 0 {
		errs = append(errs, config.At("timeout", "must be above 0"))
	}
	return errors.Join(errs...)
}

func (c *tourcms) Validate() error {
	var errs []error
	if c.Secret.IsZero() {
		errs = append(errs, config.At("secret", "is empty; write {env: NAME}"))
	}
	for i, ch := range c.Channels {
		errs = append(errs, config.Within(index("channels", i), ch.check()))
	}
	return errors.Join(errs...)
}

func (c channel) check() error {
	var errs []error
	if c.Account == 0 {
		errs = append(errs, config.At("account", "is 0; write the account's id"))
	}
	if c.APIKey.IsZero() {
		errs = append(errs, config.At("api_key", "is empty; write {env: NAME}"))
	}
	return errors.Join(errs...)
}

func (c redbroom) Validate() error {
	var errs []error
	for app, secrets := range c.SigningSecrets {
		if len(secrets) == 0 {
			errs = append(errs, config.At("signing_secrets."+app, "has no secret; list at least one"))
		}
	}
	return errors.Join(errs...)
}

func index(name string, i int) string { return name + "[" + string(rune('0'+i)) + "]" }

func stageDefaults() map[string]any {
	return map[string]any{
		"ingest": &ingest{MaxBody: 1 << 20}, "verify": &nothing{}, "normalise": &nothing{},
		"enrich": &enrich{Attempts: 3, Timeout: config.Duration(10e9)},
		"dedupe": &struct {
			Window config.Duration `yaml:"window"`
		}{},
		"policy": &struct {
			Bundle config.Path `yaml:"bundle"`
			Query  string      `yaml:"query"`
		}{},
	}
}

func pluginDefaults() map[string]any {
	return map[string]any{
		"tourcms": &tourcms{BaseURL: "https://api.example.com"}, "redbroom": &redbroom{}, "none": &nothing{},
	}
}

// load reads a configuration and decodes every node, as the engine does.
func load(name string, text []byte) (*config.File, config.Faults) {
	f, _ := machine().Parse(name, text)
	var errs []error
	for _, s := range f.Sources {
		if into, ok := pluginDefaults()[s.Plugin]; ok {
			errs = append(errs, s.Config.Decode(into))
		}
	}
	for _, p := range f.Pipelines {
		for _, s := range p.Stages {
			if into, ok := stageDefaults()[s.Name]; ok {
				errs = append(errs, s.Config.Decode(into))
			}
		}
	}
	return f, config.Collect(append(errs, f.Faults())...)
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a golden is no secret
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run the test with -update and look at the difference\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func hides(t *testing.T, what, text string) {
	t.Helper()
	if strings.Contains(text, marker) {
		t.Errorf("%s shows a secret: %s", what, text)
	}
}

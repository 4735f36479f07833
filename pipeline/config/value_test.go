package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

func TestDuration(t *testing.T) {
	const d = 24 * time.Hour
	for _, tt := range []struct {
		text string
		want time.Duration
		bad  bool
	}{
		{text: "15d", want: 15 * d},
		{text: "10s", want: 10 * time.Second},
		{text: "250ms", want: 250 * time.Millisecond},
		{text: "1h30m", want: 90 * time.Minute},
		{text: "1d12h", want: 36 * time.Hour},
		{text: "0", want: 0},
		{text: "0s", want: 0},
		{text: "90m", want: 90 * time.Minute},
		{text: "3us4ns", want: 3004},
		{text: "106751d", want: 106751 * d},
		{text: "106752d", bad: true},
		{text: "9223372036854775807ns", want: math.MaxInt64},
		{text: "9223372036854775808ns", bad: true},
		{text: "106751d24h", bad: true},
		{text: "-10s", bad: true},
		{text: "+10s", bad: true},
		{text: "10", bad: true},
		{text: "1.5h", bad: true},
		{text: "10 s", bad: true},
		{text: "10S", bad: true},
		{text: "s", bad: true},
		{text: "", bad: true},
		{text: "30m1h", bad: true},
		{text: "1h1h", bad: true},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, err := config.ParseDuration(tt.text)
			if (err != nil) != tt.bad || got.Std() != tt.want {
				t.Errorf("got %v, %v", got.Std(), err)
			}
		})
	}
}

func TestDurationPrintsAsWritten(t *testing.T) {
	for _, text := range []string{"15d", "10s", "250ms", "1h30m", "1d12h", "0s", "1d1h1m1s1ms1us1ns"} {
		d, err := config.ParseDuration(text)
		if err != nil || d.String() != text {
			t.Errorf("%s prints as %s, %v", text, d, err)
		}
	}
	if got := config.Duration(-time.Second).String(); got != "-1s" {
		t.Errorf("a negative duration made by a program prints as %s", got)
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		text  string
		want  config.Size
		print string
		bad   bool
	}{
		{text: "1MiB", want: 1 << 20, print: "1MiB"},
		{text: "256KiB", want: 256 << 10, print: "256KiB"},
		{text: "1024KiB", want: 1 << 20, print: "1MiB"},
		{text: "2GiB", want: 2 << 30, print: "2GiB"},
		{text: "512", want: 512, print: "512"},
		{text: "512B", want: 512, print: "512"},
		{text: "0", want: 0, print: "0"},
		{text: "8589934591GiB", want: 8589934591 << 30, print: "8589934591GiB"},
		{text: "8589934592GiB", bad: true},
		{text: "9223372036854775808", bad: true},
		{text: "-1", bad: true},
		{text: "1GB", bad: true},
		{text: "1K", bad: true},
		{text: "1.5MiB", bad: true},
		{text: "1 MiB", bad: true},
		{text: "MiB", bad: true},
		{text: "", bad: true},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, err := config.ParseSize(tt.text)
			if (err != nil) != tt.bad || got != tt.want {
				t.Fatalf("got %d, %v", got, err)
			}
			if !tt.bad && got.String() != tt.print {
				t.Errorf("prints as %s, want %s", got, tt.print)
			}
		})
	}
}

func FuzzDuration(f *testing.F) {
	for _, text := range []string{"15d", "1h30m", "250ms", "-1s", "1.5h", "", "99999999999999999999d", "1d2d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := config.ParseDuration(text)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("%q is negative: %d", text, d)
		}
		again, err := config.ParseDuration(d.String())
		if err != nil || again != d {
			t.Fatalf("%q prints as %q, which reads as %d, %v; want %d", text, d, again, err, d)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, text := range []string{"1MiB", "512", "-1", "1GB", "", "8589934592GiB", "9223372036854775807B"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := config.ParseSize(text)
		if err != nil {
			return
		}
		if s < 0 {
			t.Fatalf("%q is negative: %d", text, s)
		}
		again, err := config.ParseSize(s.String())
		if err != nil || again != s {
			t.Fatalf("%q prints as %q, which reads as %d, %v; want %d", text, s, again, err, s)
		}
	})
}

// hidden holds a secret where fmt cannot call its methods.
type hidden struct{ secret config.Secret }

// A secret is printed by no verb, encoder or logger, however deep it lies.
func TestSecretIsNeverPrinted(t *testing.T) {
	s := config.NewSecret(marker)
	if s.Reveal() != marker || s.IsZero() || s != config.NewSecret(marker) {
		t.Fatal("the secret does not hold its text")
	}
	holders := map[string]any{
		"value": s, "pointer": &s, "field": struct{ S config.Secret }{s}, "hidden field": hidden{s}, "hidden pointer": &hidden{s},
		"list": []config.Secret{s}, "map": map[string][]config.Secret{"a": {s}}, "any": []any{s, &s}, "key": map[config.Secret]int{s: 1},
	}
	for name, holder := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			hides(t, name+" by "+verb, fmt.Sprintf(verb, holder))
		}
		hides(t, name+" in an error", fmt.Errorf("use %v: %w", holder, errors.New("x")).Error())
		hides(t, name+" by slog", logged(holder))
		if b, err := json.Marshal(holder); err == nil {
			hides(t, name+" by JSON", string(b))
		}
		if b, err := yaml.Marshal(holder); err == nil {
			hides(t, name+" by YAML", string(b))
		}
	}
	hex := fmt.Sprintf("%x", marker)
	for _, holder := range holders {
		if verb := "%x"; strings.Contains(fmt.Sprintf(verb, holder), hex) {
			t.Error("the secret is printed in hex")
		}
	}
}

func logged(v any) string {
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", v)
	return b.String()
}

func TestZeroSecret(t *testing.T) {
	var s config.Secret
	if !s.IsZero() || s.Reveal() != "" || s != config.NewSecret("") {
		t.Error("a zero secret is not empty")
	}
}

// A whole loaded file, with every secret resolved, shows none.
func TestLoadedFileHidesSecrets(t *testing.T) {
	f, faults := load("reservoir.yaml", testFile(t, "ok-architecture.yaml"))
	if len(faults) > 0 || len(f.Secrets()) != 5 {
		t.Fatalf("%v, %d secrets", faults, len(f.Secrets()))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		hides(t, verb, fmt.Sprintf(verb, f))
		hides(t, verb, fmt.Sprintf(verb, *f))
		hides(t, verb, fmt.Sprintf(verb, f.Sources))
	}
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	hides(t, "JSON", string(b))
	hides(t, "slog", logged(f)+logged(f.Sources)+logged(f.Privacy))
	hides(t, "YAML", string(config.YAML(f)))
	if b, err := yaml.Marshal(f); err == nil {
		hides(t, "goccy YAML", string(b))
	}
}

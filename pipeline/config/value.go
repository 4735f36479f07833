package config

import (
	"log/slog"
	"time"
)

// redacted is what a secret prints as, everywhere.
const redacted = "<redacted>"

// Secret is a value that is never printed: not by fmt, not by slog, not by
// any encoder (invariant 10). It is written `{env: NAME}` or `{file: PATH}`.
type Secret struct{ text string }

// NewSecret makes a secret of text, for tests and programs without YAML.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal gives the text. Call it where the secret is used and nowhere else.
func (s Secret) Reveal() string { return s.text }

// IsZero tells a secret that is unset or empty.
func (s Secret) IsZero() bool { return s.text == "" }

// String gives `<redacted>`.
func (s Secret) String() string { return redacted }

// GoString gives `<redacted>`.
func (s Secret) GoString() string { return redacted }

// LogValue gives `<redacted>`.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives `<redacted>`.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Duration is a length of time written `15d`, `10s`, `250ms`.
type Duration time.Duration

// Std gives the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Size is a number of bytes written `1MiB`, `256KiB`, `512`.
type Size int64

// Validator is implemented by configurations that check themselves. Every
// fault is a *Fault made by At; several are joined with errors.Join.
type Validator interface{ Validate() error }

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Path    string // key path, such as sources.tourcms.config.channels[0].account
	Problem string // what is wrong, and how to mend it after a semicolon
}

func (f *Fault) Error() string { return f.Path + ": " + f.Problem }

// At reports a fault at path, which is relative to the value that Validate is
// called on. The core adds file, line and the rest of the path.
func At(path, problem string) error { return &Fault{Path: path, Problem: problem} }

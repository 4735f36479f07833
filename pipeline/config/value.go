package config

import (
	"log/slog"
	"unique"
)

// redacted is what a secret prints as, everywhere.
const redacted = "<redacted>"

// Secret is a value that is never printed: not by fmt, not by slog, not by
// any encoder (invariant 10). It is written `{env: NAME}` or `{file: PATH}`.
// Secrets of equal text are equal under ==, which takes no constant time:
// compare what a stranger sent with crypto/subtle on Reveal.
type Secret struct {
	// A handle and not a string: fmt reaches unexported fields without asking
	// for String, and follows no pointer there.
	text unique.Handle[string]
}

// NewSecret makes a secret of text, for tests and programs without YAML.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: unique.Make(text)}
}

// Reveal gives the text. Call it where the secret is used and nowhere else.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.text.Value()
}

// IsZero tells a secret that is unset or empty.
func (s Secret) IsZero() bool { return s == Secret{} }

// String gives `<redacted>`.
func (s Secret) String() string { return redacted }

// GoString gives `<redacted>`.
func (s Secret) GoString() string { return redacted }

// LogValue gives `<redacted>`.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives `<redacted>`.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Path is the name of a file or folder. In a configuration it is relative to
// the folder of the configuration file; decoding makes it relative to the
// working directory, so that it can be opened as it is.
type Path string

package config

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Validator is implemented by configurations that check themselves. Every
// fault is a *Fault made by At; several are joined with errors.Join.
type Validator interface{ Validate() error }

// Severity says whether a fault stops `run`.
type Severity string

// The severities.
const (
	Error   Severity = "fault"   // the configuration cannot be used
	Warning Severity = "warning" // it can, but somebody should know
)

// Kind sorts faults for programs that read them.
type Kind string

// The kinds.
const (
	Unreadable    Kind = "unreadable"     // the file cannot be opened, or is no YAML
	Unsupported   Kind = "unsupported"    // YAML that is not read, or a feature that is not there yet
	UnknownKey    Kind = "unknown_key"    //
	DuplicateKey  Kind = "duplicate_key"  //
	WrongType     Kind = "wrong_type"     // a text where a number is due, and the like
	Missing       Kind = "missing"        // a key that must be there
	Invalid       Kind = "invalid"        // a value that cannot be right
	UnsetSecret   Kind = "unset_secret"   // a secret whose variable or file is unset, empty or not there
	LiteralSecret Kind = "literal_secret" // a secret that stands in the file
	Risky         Kind = "risky"          // works, and endangers something
)

// Fault is one thing that is wrong with a configuration. Line and Column count
// from 1 and are 0 where the fault belongs to no place in a file.
type Fault struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Path     string   `json:"path"`    // key path, such as sources.tourcms.config.channels[0].account
	Problem  string   `json:"problem"` // what is wrong, and how to mend it after a semicolon
	Severity Severity `json:"severity"`
	Kind     Kind     `json:"kind"`
}

// Error gives `file:line:column: path: what is wrong; how to mend it`, with
// `warning: ` before what is wrong where it is one. Parts that are not known
// are left out.
func (f *Fault) Error() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File + ":")
		if f.Line > 0 {
			b.WriteString(strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column) + ":")
		}
		b.WriteString(" ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	if f.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(f.Problem)
	return b.String()
}

// At reports a fault at path, which is relative to the value that Validate is
// called on. The core adds file, line and the rest of the path.
func At(path, problem string) error {
	return &Fault{Path: path, Problem: problem, Severity: Error, Kind: Invalid}
}

// Warn is At for what works and endangers something: a warning.
func Warn(path, problem string) error {
	return &Fault{Path: path, Problem: problem, Severity: Warning, Kind: Risky}
}

// Within puts prefix before the path of every fault in err, for a Validate that
// calls the one of a part: config.Within("channels[0]", c.Channels[0].Validate()).
func Within(prefix string, err error) error {
	var out []error
	for _, f := range Collect(err) {
		moved := *f
		moved.Path = joinPath(prefix, f.Path)
		out = append(out, &moved)
	}
	return errors.Join(out...)
}

// Faults are faults and warnings in the order of their positions. As an error
// it prints one a line.
type Faults []*Fault

// Collect takes every fault out of errs, which may be joined or wrapped, drops
// repeats and sorts by position. An error that is no fault becomes one without
// a place.
func Collect(errs ...error) Faults {
	var out Faults
	for _, err := range errs {
		out = appendFaults(out, err)
	}
	slices.SortStableFunc(out, compareFaults)
	return slices.CompactFunc(out, func(a, b *Fault) bool { return *a == *b })
}

func appendFaults(out Faults, err error) Faults {
	switch e := err.(type) { //nolint:errorlint // this walks the tree that errors.As would
	case nil:
		return out
	case *Fault:
		return append(out, e)
	case Faults:
		return append(out, e...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = appendFaults(out, inner)
		}
		return out
	}
	var f *Fault
	if errors.As(err, &f) {
		return append(out, f)
	}
	return append(out, &Fault{Problem: err.Error(), Severity: Error, Kind: Invalid})
}

func compareFaults(a, b *Fault) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Problem, b.Problem),
	)
}

// Error gives one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults one by one.
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, one := range f {
		errs[i] = one
	}
	return errs
}

// Err gives the faults that are no warnings as an error, nil if there are none.
func (f Faults) Err() error {
	if stops := f.Errors(); len(stops) > 0 {
		return stops
	}
	return nil
}

// Errors gives the faults that are no warnings.
func (f Faults) Errors() Faults {
	return f.filter(func(x *Fault) bool { return x.Severity != Warning })
}

// Warnings gives the warnings.
func (f Faults) Warnings() Faults {
	return f.filter(func(x *Fault) bool { return x.Severity == Warning })
}

// OfKind gives the faults and warnings of one kind.
func (f Faults) OfKind(kind Kind) Faults {
	return f.filter(func(x *Fault) bool { return x.Kind == kind })
}

// Strict gives the same faults with unset secrets as faults instead of
// warnings: for `run`, which cannot do without them, and `check --strict`.
func (f Faults) Strict() Faults {
	out := make(Faults, len(f))
	for i, one := range f {
		raised := *one
		if raised.Kind == UnsetSecret {
			raised.Severity = Error
		}
		out[i] = &raised
	}
	return out
}

func (f Faults) filter(keep func(*Fault) bool) Faults {
	var out Faults
	for _, one := range f {
		if keep(one) {
			out = append(out, one)
		}
	}
	return out
}

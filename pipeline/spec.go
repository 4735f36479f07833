package pipeline

import "io/fs"

// Spec is one entry of the list of stages or plugins: its name, what it is
// for, its configuration with defaults, and its constructor. D is what the
// constructor is given beside the configuration, T what it makes.
type Spec[D, T any] struct {
	Name    string
	Summary string // one line for the list that `reservoir plugins` and `stages` print

	// Defaults gives a pointer to a configuration with its default values.
	Defaults func() any
	// Bind lets decode fill a configuration that holds the defaults and gives
	// the constructor for it.
	Bind func(decode func(into any) error) (func(D) (T, error), error)

	// Needs are the names of stages that must come before this one.
	Needs []string
	// OneBooking says of a plugin that one webhook is about one booking.
	OneBooking bool
	// Enriches says of a plugin that it looks bookings up.
	Enriches bool
	// Cases are the plugin's recorded webhooks, one folder a case (see ReadCase).
	Cases fs.FS
	// Methods are the HTTP methods a plugin's sender calls with; none is GET and
	// POST. Any other is answered 405.
	Methods []string
	// URLSecret says of a plugin that it proves its sender by a `{secret}`
	// segment of the path.
	URLSecret bool
}

// ProviderSpec is one plugin.
type ProviderSpec = Spec[ProviderDeps, Provider]

// StageSpec is one stage.
type StageSpec = Spec[StageDeps, Stage]

// NewProviderSpec makes a plugin's entry from its typed parts.
func NewProviderSpec[C any](name, summary string, defaults func() C, build func(C, ProviderDeps) (Provider, error)) ProviderSpec {
	return newSpec(name, summary, defaults, build)
}

// NewStageSpec makes a stage's entry from its typed parts; needs are the
// stages that must come before it.
func NewStageSpec[C any](name, summary string, defaults func() C, build func(C, StageDeps) (Stage, error), needs ...string) StageSpec {
	s := newSpec(name, summary, defaults, build)
	s.Needs = needs
	return s
}

func newSpec[C, D, T any](name, summary string, defaults func() C, build func(C, D) (T, error)) Spec[D, T] {
	return Spec[D, T]{
		Name:     name,
		Summary:  summary,
		Defaults: func() any { c := defaults(); return &c },
		Bind: func(decode func(any) error) (func(D) (T, error), error) {
			c := defaults()
			if err := decode(&c); err != nil {
				return nil, err
			}
			return func(d D) (T, error) { return build(c, d) }, nil
		},
	}
}

package config

import (
	"cmp"
	"path/filepath"
	"slices"
	"sync"
)

// document is what the nodes of one file share: where it lies, how secrets are
// found, and what was found wrong so far.
type document struct {
	name string // as faults show it
	dir  string // secrets' and other files are relative to it
	env  func(string) (string, bool)
	read func(string) ([]byte, error)

	mu      sync.Mutex
	faults  Faults
	secrets map[Secret]struct{} // not their texts: %s of a pointer prints what it points to
}

func (d *document) add(faults ...*Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range faults {
		f.File = d.name
		d.faults = append(d.faults, f)
	}
}

func (d *document) all() Faults {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Collect(d.faults)
}

// remember keeps a secret's text, so that it can be cut out of what is stored.
func (d *document) remember(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secrets[NewSecret(text)] = struct{}{}
}

// locate makes a path that is relative to the configuration file one that can
// be opened.
func (d *document) locate(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}

// known gives every secret's text, longest first.
func (d *document) known() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	texts := make([]string, 0, len(d.secrets))
	for secret := range d.secrets {
		texts = append(texts, secret.Reveal())
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return texts
}

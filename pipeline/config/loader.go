package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Loader reads configurations. Its fields are what a configuration may see of
// the machine; the zero Loader sees no environment and no files.
type Loader struct {
	// Env looks an environment variable up, as os.LookupEnv does.
	Env func(name string) (string, bool)
	// ReadFile reads the configuration itself and the files of secrets.
	ReadFile func(path string) ([]byte, error)
}

// SystemLoader reads the process's environment and files. A file is read up to
// just above the largest size that is allowed.
func SystemLoader() Loader { return Loader{Env: os.LookupEnv, ReadFile: readBounded} }

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a file that was read cannot lose anything by its close
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Read reads the file at path. The File is never nil; it can be used where
// Faults.Err is nil, but stages and plugins still have to decode their nodes.
func (l Loader) Read(path string) (*File, Faults) {
	if l.ReadFile == nil {
		return l.unreadable(path, "cannot be read; the loader was given no way to read files")
	}
	text, err := l.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l.unreadable(path, "does not exist; write it, or name another with -c")
	case errors.Is(err, fs.ErrPermission):
		return l.unreadable(path, "may not be read; check its permissions")
	case err != nil:
		return l.unreadable(path, "cannot be read; check that it is a file")
	}
	return l.Parse(path, text)
}

func (l Loader) unreadable(path, problem string) (*File, Faults) {
	f := l.empty(path)
	f.doc.add(&Fault{Problem: problem, Severity: Error, Kind: Unreadable})
	return f, f.Faults()
}

// Parse reads a configuration from memory. The name is what faults show and
// what relative paths begin at.
func (l Loader) Parse(name string, text []byte) (*File, Faults) {
	f := l.empty(name)
	root, faults := parse(text)
	f.doc.add(faults...)
	if hasKind(faults, Unreadable, Unsupported) {
		return f, f.Faults()
	}
	if root == nil || root.kind == nullKind {
		f.doc.add(fileFault(Missing, "is empty; write at least `sources` and `pipelines`"))
		return f, f.Faults()
	}
	f.node = Node{doc: f.doc, tree: root, at: root.at()}
	if err := f.node.Decode(f); err == nil {
		f.settle()
	}
	return f, f.Faults()
}

// hasKind tells faults after which the tree is not the one that was meant.
func hasKind(faults Faults, kinds ...Kind) bool {
	for _, kind := range kinds {
		if len(faults.OfKind(kind)) > 0 {
			return true
		}
	}
	return false
}

func (l Loader) empty(name string) *File {
	f := Default()
	f.doc = &document{
		name: name, dir: filepath.Dir(name), env: l.Env, read: l.ReadFile, secrets: map[Secret]struct{}{},
	}
	f.node = Node{doc: f.doc, at: place{1, 1}}
	return &f
}

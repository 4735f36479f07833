package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxBundleFile bounds one file of a bundle in bytes (invariant 11).
const maxBundleFile = 8 << 20

// Bundle is a folder of policies that was read: parsed, not yet compiled.
type Bundle struct {
	// Revision is the manifest's, "" without one.
	Revision string
	// Digest is `sha256:` and the digest of names and bytes of all modules and
	// data files, sorted by name; tests are no part of it, they decide nothing.
	Digest string

	modules map[string]*ast.Module // without tests
	tests   map[string]*ast.Module
	sources map[string][]byte // every .rego file
	data    map[string]any
	schema  []byte // of data, nil without one
}

// LoadBundle reads the folder as OPA reads a bundle directory: *.rego anywhere,
// data.json and data.yaml (or .yml) at the path that their folder says, .manifest for
// the revision; other files are left alone. A schemas/data.schema.json is a JSON Schema that the data
// must fit. The error joins every fault, each with file and row.
func LoadBundle(fsys fs.FS) (*Bundle, error) {
	b := &Bundle{modules: map[string]*ast.Module{}, tests: map[string]*ast.Module{}, sources: map[string][]byte{}, data: map[string]any{}}
	names, err := bundleFiles(fsys)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	var faults []error
	for _, name := range names {
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read policies: %w", err)
		}
		if !strings.HasSuffix(name, "_test.rego") && !isSupport(name) {
			// Name and length go in, so that no byte can wander from one file to the next.
			digest.Write([]byte(strconv.Quote(name) + " " + strconv.Itoa(len(content)) + "\n"))
			digest.Write(content)
		}
		if err := b.add(name, content); err != nil {
			faults = append(faults, err)
		}
	}
	if len(b.modules) == 0 && len(faults) == 0 {
		return nil, errors.New("there is no .rego file in the folder; name the folder that holds the policies")
	}
	b.Digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
	return b, errors.Join(append(faults, b.checkData())...)
}

func isSupport(name string) bool { return name == ".manifest" || name == dataSchemaFile }

// bundleFiles lists what belongs to the bundle, sorted.
func bundleFiles(fsys fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".rego") && !isData(base) && !isSupport(name) {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > maxBundleFile {
			return errors.Join(err, fmt.Errorf("%s is larger than %d bytes", name, maxBundleFile))
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

func isData(base string) bool {
	return base == "data.json" || base == "data.yaml" || base == "data.yml"
}

// add takes one file into the bundle.
func (b *Bundle) add(name string, content []byte) error {
	switch {
	case name == ".manifest":
		return b.addManifest(content)
	case name == dataSchemaFile:
		b.schema = content
		return nil
	case isData(path.Base(name)):
		return b.addData(name, content)
	}
	b.sources[name] = content
	module, err := ast.ParseModuleWithOpts(name, string(content), ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true, Capabilities: capabilities()})
	if err != nil {
		return regoFaults(err)
	}
	if strings.HasSuffix(name, "_test.rego") {
		b.tests[name] = module
		return nil
	}
	b.modules[name] = module
	return nil
}

func (b *Bundle) addManifest(content []byte) error {
	var manifest struct {
		Revision string `json:"revision"`
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return fmt.Errorf(".manifest: is not JSON: %w", err)
	}
	b.Revision = manifest.Revision
	return nil
}

// regoFaults turns OPA's list of errors into one joined error, each
// `file:row: code: what`. OPA's messages quote source text, never input.
func regoFaults(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	faults := make([]error, len(list))
	for i, e := range list {
		faults[i] = regoFault(e)
	}
	return errors.Join(faults...)
}

func regoFault(e *ast.Error) error {
	text := e.Code + ": " + e.Message
	if e.Details != nil {
		var details []string
		for _, line := range e.Details.Lines() {
			if line = strings.TrimSpace(line); strings.Trim(line, "^") != "" {
				details = append(details, line)
			}
		}
		text += " (" + strings.Join(details, "; ") + ")"
	}
	if e.Location == nil || e.Location.File == "" {
		return errors.New(text)
	}
	return fmt.Errorf("%s:%d: %s", e.Location.File, e.Location.Row, text)
}

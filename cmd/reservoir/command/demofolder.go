package command

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

//go:embed demo.yaml.tmpl
var demoConfig string

const demoDir = "reservoir-demo"

// demoFolder is what the demo leaves: a configuration, its secrets and its
// data.
type demoFolder struct {
	dir    string // as it was named
	config string // path of reservoir.yaml
	apiKey string // that the simulated TourCMS API knows
	api    net.Listener
}

// makeDemoFolder makes a new folder; what stands in one already is not touched.
// An empty dir takes reservoir-demo, or the first free name like it.
func makeDemoFolder(dir string, random func() uint64) (*demoFolder, error) {
	dir, err := claimFolder(dir)
	if err != nil {
		return nil, err
	}
	f := &demoFolder{dir: dir, config: filepath.Join(dir, defaultConfig)}
	if err := f.fill(random); err != nil {
		return nil, fmt.Errorf("make the demo's folder %s: %w", dir, err)
	}
	return f, nil
}

func claimFolder(dir string) (string, error) {
	if dir != "" {
		return dir, claim(dir)
	}
	for n := 1; ; n++ {
		dir := demoDir
		if n > 1 {
			dir += "-" + strconv.Itoa(n)
		}
		if err := claim(dir); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

// claim makes a folder, or takes one that is empty.
func claim(dir string) error {
	err := os.MkdirAll(filepath.Dir(dir), 0o755)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	if inside, readErr := os.ReadDir(dir); readErr == nil && len(inside) == 0 {
		return nil
	}
	return fmt.Errorf("make the demo's folder: %w; name another with --dir, or go on with this one: reservoir run -c %s", err, filepath.Join(dir, defaultConfig))
}

func (f *demoFolder) fill(random func() uint64) error {
	if err := f.writeSecrets(); err != nil {
		return err
	}
	var err error
	if f.api, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if err := f.writeConfig(random); err != nil {
		return errors.Join(err, f.api.Close())
	}
	return nil
}

// writeSecrets makes a secret for each sender, readable by their owner only.
func (f *demoFolder) writeSecrets() error {
	dir := filepath.Join(f.dir, "secrets")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"studentcom", "vrplatform", "tourcms", "tourcms-api-key", "goodbay", "plenura"} {
		secret := newSecret()
		if name == "tourcms-api-key" {
			f.apiKey = secret
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// newSecret gives 24 random bytes as text that can stand in a URL.
func newSecret() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func (f *demoFolder) writeConfig(random func() uint64) error {
	data, err := filepath.Abs(filepath.Join(f.dir, "data"))
	if err != nil {
		return err
	}
	ports, err := freePorts(3, random)
	if err != nil {
		return err
	}
	var text strings.Builder
	err = template.Must(template.New(defaultConfig).Parse(demoConfig)).Execute(&text, map[string]string{
		"Data": strconv.Quote(data), "Broker": ports[0], "Listen": ports[1], "Admin": ports[2],
		"TourCMS": "http://" + f.api.Addr().String(),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(f.config, []byte(text.String()), 0o600)
}

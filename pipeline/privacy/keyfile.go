package privacy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// KeyFile gives the key that is kept in dir, and makes it where there is none:
// mode 0600, written whole before it has its name. Losing it makes new tokens
// of the same people.
func KeyFile(dir string) (config.Secret, error) {
	path := filepath.Join(dir, "privacy.key")
	text, err := os.ReadFile(path)
	if err == nil {
		return config.NewSecret(strings.TrimSpace(string(text))), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return config.Secret{}, fmt.Errorf("read the privacy key: %w", err)
	}
	if err := create(path, NewKey()); err != nil {
		return config.Secret{}, fmt.Errorf("keep the privacy key: %w", err)
	}
	return KeyFile(dir)
}

// create never replaces a key: of two processes that start together, one wins
// and the other reads its key.
func create(path, key string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".privacy.key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(key + "\n")
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

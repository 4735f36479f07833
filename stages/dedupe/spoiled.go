package dedupe

import (
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
)

// A disk may give back something else than was written, or nothing. What is on
// it is a copy of bookings.current, so there is nothing to mend: it is thrown
// away, and every partition is restored whole.
//
// Where that shows while the folder is opened, it is done at once. Later it would
// take the store from under the events that use it. So the stage tells who runs
// it (Spoiled), who lets what is under way finish, closes the stage, which empties
// the folder, and makes another. Until then what cannot be read is trouble, which
// is waited out: no event is judged by less than its state.

// Spoiled is closed once the local state was found broken: the stage has to be
// closed and made anew.
func (s *stage) Spoiled() <-chan struct{} { return s.spoiled }

func (s *stage) spoil(err error) {
	s.spoiling.Do(func() {
		s.deps.Log.Error("dedupe: the local state is broken and is made anew from bookings.current", slog.Any("error", err))
		close(s.spoiled)
	})
}

func (s *stage) anew(err error) {
	s.deps.Log.Error("dedupe: the local state could not be opened and is made anew from bookings.current", slog.String("dir", s.where.dir), slog.Any("error", err))
}

// corrupt is told by Pebble what it cannot read, before it gives an error.
func (s *store) corrupt(info pebble.DataCorruptionInfo) {
	s.spoiled.Store(true)
	s.of.spoil(info.Details)
}

// broken tells a folder whose content is at fault. What the system says of the
// disk, that it is full or may not be written, is no fault of the content; that a
// file is missing is.
func (o storeOptions) broken(err error) bool {
	var said syscall.Errno
	return errors.Is(err, fs.ErrNotExist) || !errors.As(err, &said)
}

// clear removes the database, and nothing else that may stand in the folder.
func (o storeOptions) clear() error {
	names, err := o.fs.List(o.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if ofDatabase(name) {
			err = errors.Join(err, o.fs.Remove(o.fs.PathJoin(o.dir, name)))
		}
	}
	return err
}

// ofDatabase tells Pebble's files by their names.
func ofDatabase(name string) bool {
	for _, suffix := range []string{".sst", ".blob", ".log", ".dbtmp"} {
		if number, ok := strings.CutSuffix(name, suffix); ok && strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	for _, prefix := range []string{"CURRENT", "MANIFEST-", "OPTIONS-", "marker.", "temporary."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

package broker

import (
	"errors"
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

// ErrInUse is wrapped by Start when another broker holds the directory.
var ErrInUse = errors.New("the data directory is in use")

func makeDirs(l layout) error {
	if err := os.MkdirAll(l.dir, dirMode); err != nil {
		return err
	}
	if err := os.MkdirAll(l.log(), dirMode); err != nil {
		return err
	}
	// kfake makes files that anybody may read; nobody else gets to them.
	return os.Chmod(l.log(), dirMode)
}

// takeLock makes sure that one broker at a time writes to the directory. The
// system lets go of the lock when the process ends, however it ends.
func takeLock(l layout) (*flock.Flock, error) {
	lock := flock.New(l.lock(), flock.SetPermissions(fileMode))
	held, err := lock.TryLock()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", l.lock(), err), lock.Close())
	}
	if !held {
		return nil, errors.Join(fmt.Errorf("%w: another process holds %s; stop that one, or give this one a data directory of its own",
			ErrInUse, l.lock()), lock.Close())
	}
	return lock, nil
}

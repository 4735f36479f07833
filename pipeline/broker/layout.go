package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
)

// layout names the files below one data directory.
type layout struct{ dir string }

func (l layout) log() string      { return filepath.Join(l.dir, "log") }      // kfake's
func (l layout) lock() string     { return filepath.Join(l.dir, "lock") }     // held while a broker runs
func (l layout) clean() string    { return filepath.Join(l.dir, "clean") }    // there after an orderly Close only
func (l layout) intent() string   { return filepath.Join(l.dir, "intent") }   // the transaction being ended
func (l layout) deleting() string { return filepath.Join(l.dir, "deleting") } // topics being deleted
func (l layout) orphans() string  { return filepath.Join(l.dir, "orphans") }  // partitions of no topic, set aside

func (l layout) topics() string     { return filepath.Join(l.log(), "topics.json") }
func (l layout) meta() string       { return filepath.Join(l.log(), "meta.json") }
func (l layout) groups() string     { return filepath.Join(l.log(), "groups.log") }
func (l layout) producers() string  { return filepath.Join(l.log(), "pids.log") }
func (l layout) windows() string    { return filepath.Join(l.log(), "seq_windows.json") }
func (l layout) sessions() string   { return filepath.Join(l.log(), "session_state.json") }
func (l layout) partitions() string { return filepath.Join(l.log(), "partitions") }

// partition gives the folder of one partition, named as kfake names it.
func (l layout) partition(topic string, p int32) string {
	return filepath.Join(l.partitions(), fmt.Sprintf("%s-%d", url.PathEscape(topic), p))
}

// segments gives the base offsets of a partition's segment files, ascending.
// A partition that was never written to has no folder and no segments.
func segments(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var bases []int64
	for _, e := range entries {
		name, isSegment := strings.CutSuffix(e.Name(), ".dat")
		if !isSegment {
			continue
		}
		base, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: not a segment of ours; move it away", filepath.Join(dir, e.Name()))
		}
		bases = append(bases, base)
	}
	slices.Sort(bases)
	return bases, nil
}

func segmentPath(dir string, base int64) string {
	return filepath.Join(dir, strconv.FormatInt(base, 10)+".dat")
}

func indexPath(dir string, base int64) string {
	return filepath.Join(dir, strconv.FormatInt(base, 10)+".idx")
}

// replace writes a file so that a crash leaves the old or the new content and
// never a part of it.
func replace(path string, content []byte) error {
	temp := path + ".tmp" // kfake removes what ends so when it loads
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes names in a folder outlive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// replaceJSON is replace for one JSON document.
func replaceJSON(path string, v any) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return replace(path, content)
}

// loadJSON reads one JSON document; false where there is none.
func loadJSON(path string, v any) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(content, v); err != nil {
		return false, fmt.Errorf("read %s: %w", path, err)
	}
	return true, nil
}

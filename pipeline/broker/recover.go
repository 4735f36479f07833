package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// recovery brings a directory that was not closed in order into the state
// that kfake would have left, from the segments, which are the truth: what was
// acknowledged is in them or in the two framed logs. It may itself be cut
// short and run again.
type recovery struct {
	layout
	log *slog.Logger
	now time.Time

	topics    topicsFile
	producers *producers
	intent    *intent // a commit that the crash interrupted
	windows   []windowFile
	inLog     map[int64]bool // producers with a batch in some log
}

// errNoMeta says what is wrong with a directory kfake would take for empty.
var errNoMeta = errors.New("meta.json is missing beside stored partitions; put it back from a copy, or move the data directory away to begin anew")

func (r *recovery) run(ctx context.Context) error {
	if fresh, err := r.check(); fresh || err != nil {
		return err
	}
	// Members, fetch sessions and open transactions of an earlier orderly
	// stop are long out of date.
	if err := remove(r.sessions()); err != nil {
		return err
	}
	if err := r.loadTopics(); err != nil {
		return err
	}
	if err := r.loadProducers(); err != nil {
		return err
	}
	for _, t := range r.topics.Topics {
		for i := range t.Partitions {
			if err := r.partition(ctx, t.Name, int32(i)); err != nil {
				return err
			}
		}
	}
	// The producers last: once they are written, the intent counts as done.
	if err := r.groupsLog(); err != nil {
		return err
	}
	if err := replaceJSON(r.layout.windows(), windowsFile{Version: formatVersion, Windows: r.windows}); err != nil {
		return err
	}
	r.producers.fence()
	return r.producers.write(r.layout.producers(), r.inLog)
}

// check tells a directory without a broker's data from one with it, and
// refuses a format that is not ours.
func (r *recovery) check() (fresh bool, err error) {
	var meta struct {
		Version int `json:"version"`
	}
	found, err := loadJSON(r.meta(), &meta)
	if err != nil {
		return false, err
	}
	if !found {
		stored, err := os.ReadDir(r.partitions())
		if len(stored) > 0 {
			return false, fmt.Errorf("%s: %w", r.layout.log(), errNoMeta)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return true, err
	}
	if meta.Version != formatVersion {
		return false, fmt.Errorf("%s is format %d, this program writes %d; run the program that wrote it", r.meta(), meta.Version, formatVersion)
	}
	return false, nil
}

// loadTopics reads the topics, carries interrupted deletions to their end,
// and sets partitions aside that belong to no topic: kfake would append to
// their files and read from the wrong place.
func (r *recovery) loadTopics() error {
	if _, err := loadJSON(r.layout.topics(), &r.topics); err != nil {
		return err
	}
	var deleting []topicRef
	if _, err := loadJSON(r.deleting(), &deleting); err != nil {
		return err
	}
	changed := false
	kept := r.topics.Topics[:0]
	for _, t := range r.topics.Topics {
		if isDeleting(deleting, t) {
			changed = true
			continue
		}
		changed = neverCompact(t.Configs) || changed
		kept = append(kept, t)
	}
	r.topics.Topics = kept
	if changed {
		if err := replaceJSON(r.layout.topics(), r.topics); err != nil {
			return err
		}
	}
	return r.setAside(deleting)
}

func (r *recovery) setAside(deleting []topicRef) error {
	known := map[string]bool{}
	for _, t := range r.topics.Topics {
		for i := range t.Partitions {
			known[r.layout.partition(t.Name, int32(i))] = true
		}
	}
	stored, err := os.ReadDir(r.partitions())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range stored {
		path := filepath.Join(r.partitions(), e.Name())
		if known[path] {
			continue
		}
		if err := r.orphan(path, deleting); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) orphan(path string, deleting []topicRef) error {
	for _, t := range deleting {
		index, ours := strings.CutPrefix(path, strings.TrimSuffix(r.layout.partition(t.Name, 0), "0"))
		if _, err := strconv.Atoi(index); ours && err == nil {
			return os.RemoveAll(path)
		}
	}
	if err := os.MkdirAll(r.orphans(), dirMode); err != nil {
		return err
	}
	to := filepath.Join(r.orphans(), fmt.Sprintf("%s-%d", filepath.Base(path), r.now.UnixNano()))
	r.log.Warn("a stored partition belongs to no topic and is set aside", "from", path, "to", to)
	return os.Rename(path, to)
}

func (r *recovery) loadProducers() error {
	ps, frames, err := readProducers(r.layout.producers())
	if err != nil {
		return err
	}
	r.producers, r.inLog = ps, map[int64]bool{}
	r.intent, err = interrupted(r.layout, ps, frames)
	return err
}

func (r *recovery) partition(ctx context.Context, topic string, index int32) error {
	p := newPartition(topic, index, r.layout.partition(topic, index))
	if err := p.read(ctx); err != nil {
		return err
	}
	if err := p.finish(r.intent, r.now); err != nil {
		return fmt.Errorf("end open transactions of %s: %w", p.name(), err)
	}
	if err := p.write(); err != nil {
		return fmt.Errorf("write the index of %s: %w", p.name(), err)
	}
	for _, id := range sortedKeys(p.windows) {
		r.producers.see(id, p.windows[id].Epoch)
		r.windows = append(r.windows, *p.windows[id])
		r.inLog[id] = true
	}
	return nil
}

// groupsLog mends groups.log and adds the offsets of the interrupted commit.
func (r *recovery) groupsLog() error {
	frames, intact, err := readFramed(r.groups())
	if err != nil {
		return err
	}
	if intact && r.intent == nil {
		return nil
	}
	var out []byte
	for _, f := range frames {
		out = appendFrame(out, f.data)
	}
	if r.intent == nil {
		r.log.Warn("the log of committed offsets had a torn entry, which nobody was told of", "kept", len(frames))
		return replace(r.groups(), out)
	}
	for _, e := range r.intent.entries(r.topics, r.now) {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		out = appendFrame(out, data)
	}
	return replace(r.groups(), out)
}

// remove deletes a file that need not be there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

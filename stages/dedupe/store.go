package dedupe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
)

// store is one Pebble database with the states of every partition this member
// holds or held. It is a copy of bookings.current, which stays the truth: what
// is lost here is read from there.
//
// That is why it has no write-ahead log. Pebble flushes its memtables in the
// order they were filled and adds each to the database in one step, so what a
// crash leaves is everything up to some write and nothing after it. A
// checkpoint that survives therefore has every state beneath it that was
// written before it, which is all that a restore asks for.
//
// Its keys:
//
//	c <topic> 0 <partition>            the checkpoint of an input partition
//	f                                  the print of the form states are written in
//	s <topic> 0 <partition> <booking>  a state
type store struct {
	db   *pebble.DB
	lock *pebble.Lock
	of   storeOptions
	// spoiled is set once something in it was found broken.
	spoiled atomic.Bool
}

const (
	checkpointKeys = 'c'
	formKey        = "f"
	stateKeys      = 's'
)

// storeOptions say where the store is and how much memory the state may take, in
// bytes: a quarter of it holds blocks, indexes and filters, and three sixteenths
// what is not yet flushed. The rest is for states in memory (hot.go).
type storeOptions struct {
	dir     string
	folders int // that may be tried: dir, dir-2, dir-3 and so on; 0 is dir alone
	fs      vfs.FS
	memory  int64
	print   uint64
	log     pebble.Logger
	anew    func(error) // told why what is on disk is thrown away at once
	spoil   func(error) // told what was found broken while it is in use
}

// openStore opens the database in dir, or makes it. One process at a time can;
// where the folder was not configured, further processes of this machine find
// one beside it. Which of them a process gets does not matter: what it holds is
// what a checkpoint and the topic's tail make of it.
func openStore(o storeOptions) (*store, error) {
	first := o.dir
	for n := 1; ; n++ {
		if n > 1 {
			o.dir = fmt.Sprintf("%s-%d", first, n)
		}
		if err := o.fs.MkdirAll(o.dir, 0o700); err != nil {
			return nil, fmt.Errorf("dedupe: make the folder %s for the state: %w", o.dir, err)
		}
		lock, err := pebble.LockDirectory(o.dir, o.fs)
		if err == nil {
			return o.open(lock)
		}
		if n >= o.folders {
			return nil, fmt.Errorf("dedupe: the folder %s holds the state of another running process; stop it, or give this one its own `dir`: %w", o.dir, err)
		}
	}
}

// open opens the database. One that is broken is a copy that is worth nothing: it
// is made anew.
func (o storeOptions) open(lock *pebble.Lock) (*store, error) {
	s, err := o.try(lock)
	if err != nil && o.broken(err) {
		o.anew(err)
		if cleared := o.clear(); cleared == nil {
			s, err = o.try(lock)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("dedupe: open the state in %s; if it is broken, delete the folder and it is made again from bookings.current: %w", o.dir, errors.Join(err, lock.Close()))
	}
	return s, nil
}

func (o storeOptions) try(lock *pebble.Lock) (*store, error) {
	cache := pebble.NewCache(o.memory / 4)
	defer cache.Unref() // the database holds its own
	s := &store{lock: lock, of: o}
	var err error
	if s.db, err = pebble.Open(o.dir, o.pebble(s, cache)); err != nil {
		return nil, err
	}
	if err := s.agree(o.print); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

func (o storeOptions) pebble(s *store, cache *pebble.Cache) *pebble.Options {
	options := &pebble.Options{
		FS: o.fs, Lock: s.lock, Cache: cache, Logger: o.log,
		EventListener:               &pebble.EventListener{DataCorruption: s.corrupt},
		FormatMajorVersion:          pebble.FormatNewest,
		DisableWAL:                  true,
		MemTableSize:                uint64(o.memory / 16),
		MemTableStopWritesThreshold: 3,
		MaxOpenFiles:                500,
		// Most of what a flush writes is overwritten by the next ones, so more of
		// them are gathered before they are merged with what is below.
		L0CompactionThreshold:      8,
		L0StopWritesThreshold:      24,
		CompactionConcurrencyRange: func() (int, int) { return 1, max(1, runtime.GOMAXPROCS(0)/4) },
	}
	// What a flush writes is soon merged away: to compress it is for the levels below.
	options.Levels[0].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	options.Levels[1].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	options.Levels[0].BlockSize = 4 << 10
	options.Levels[0].IndexBlockSize = 256 << 10 // one level of index: it stays in the cache
	// A booking nobody has heard of must not cost a read of the disk.
	options.Levels[0].FilterPolicy = bloom.FilterPolicy(10)
	return options
}

// agree drops the states that were written in another form than print.
func (s *store) agree(print uint64) error {
	want := binary.BigEndian.AppendUint64(nil, print)
	if got, ok, err := s.get([]byte(formKey)); err != nil || ok && got == string(want) {
		return err
	}
	if err := s.db.DeleteRange([]byte{0}, []byte{0xff}, pebble.NoSync); err != nil {
		return fmt.Errorf("dedupe: drop states of another form: %w", err)
	}
	return s.set([]byte(formKey), want)
}

// close flushes, so that the next start has a short tail, and gives the folder
// free: empty, where what is in it is broken.
func (s *store) close() error {
	if s.spoiled.Load() {
		return errors.Join(s.db.Close(), s.of.clear(), s.lock.Close())
	}
	return errors.Join(s.db.Flush(), s.db.Close(), s.lock.Close())
}

// get gives a copy of a value.
func (s *store) get(key []byte) (string, bool, error) {
	value, held, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read local state: %w", err)
	}
	text := string(value)
	return text, true, held.Close()
}

// getRare is get for a key that is probably not there: it asks the Bloom filters
// of the lowest level too, which Pebble's Get leaves out because most keys it is
// asked for are there, and so spares reading a block.
func (s *store) getRare(key []byte) (string, bool, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		return "", false, fmt.Errorf("read local state: %w", err)
	}
	text, ok := "", it.SeekPrefixGE(key) && bytes.Equal(it.Key(), key)
	if ok {
		text = string(it.Value())
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return "", false, fmt.Errorf("read local state: %w", err)
	}
	return text, ok, nil
}

func (s *store) set(key, value []byte) error {
	if err := s.db.Set(key, value, pebble.NoSync); err != nil {
		return fmt.Errorf("write local state: %w", err)
	}
	return nil
}

func (s *store) delete(key []byte) error {
	if err := s.db.Delete(key, pebble.NoSync); err != nil {
		return fmt.Errorf("drop local state: %w", err)
	}
	return nil
}

// wipe drops every state under a prefix.
func (s *store) wipe(prefix []byte) error {
	if err := s.db.DeleteRange(prefix, after(prefix), pebble.NoSync); err != nil {
		return fmt.Errorf("drop local states: %w", err)
	}
	return nil
}

// each calls fn with up to limit keys and values under a prefix, from a key on,
// until fn gives false. Both are valid only during the call.
func (s *store) each(prefix, from []byte, limit int, fn func(key, value []byte) bool) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return fmt.Errorf("read local states: %w", err)
	}
	more := it.SeekGE(from)
	for ; more && limit > 0; limit-- {
		if !fn(it.Key(), it.Value()) {
			break
		}
		more = it.Next()
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return fmt.Errorf("read local states: %w", err)
	}
	return nil
}

// size gives the bytes on disk.
func (s *store) size() uint64 { return s.db.Metrics().DiskSpaceUsage() }

// after gives the first key behind every key with the prefix. Prefixes here end
// with a partition's number, which is never all ones.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; ; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
}

// partitionKey gives the key, or the prefix of keys, of an input partition.
// Kafka allows no zero byte in a topic's name, so no prefix begins another.
func partitionKey(kind byte, p pipeline.Partition) []byte {
	key := append([]byte{kind}, p.Topic...)
	return binary.BigEndian.AppendUint32(append(key, 0), uint32(p.ID))
}

// partitionOf reads a key that partitionKey made.
func partitionOf(key []byte) (pipeline.Partition, bool) {
	n := len(key) - 5
	if n < 1 || key[n] != 0 {
		return pipeline.Partition{}, false
	}
	return pipeline.Partition{Topic: string(key[1:n]), ID: int32(binary.BigEndian.Uint32(key[n+1:]))}, true
}

package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Config says where an embedded broker keeps its log and where it is reached.
type Config struct {
	// Dir is the data directory; it is made, readable by its owner only, if
	// it is not there.
	Dir string
	// Listen is host:port, such as 127.0.0.1:9092. Clients are told the same
	// address. Port 0 takes a free one, for tests.
	Listen string
	// MaxRecord is the largest batch a topic takes, in bytes, where the topic
	// does not say otherwise.
	MaxRecord int
	Log       *slog.Logger
	// Clock is what retention goes by; nil is the machine's.
	Clock pipeline.Clock
}

// Broker is a running broker. It is closed once, by whoever started it.
type Broker struct {
	layout
	cluster *kfake.Cluster
	ln      *listener
	lock    *flock.Flock
	log     *slog.Logger

	serving   bool        // clients were let in
	draining  atomic.Bool // no request of a policy goes through any more
	stop      context.CancelFunc
	retention sync.WaitGroup
	closing   sync.Once
	closeErr  error

	failing sync.Once
	failed  chan struct{}
	failure error
}

// Start recovers what is in cfg.Dir and begins to serve. The context bounds
// the start only; the broker runs until Close.
//
// A directory that another broker holds is ErrInUse. A damaged one is an error
// that says which file and what to do: records that were acknowledged are
// never dropped in silence.
func Start(ctx context.Context, cfg Config) (*Broker, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = pipeline.WallClock{}
	}
	b := &Broker{layout: layout{cfg.Dir}, log: cfg.Log, failed: make(chan struct{})}
	if err := b.start(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("start the embedded broker in %s: %w", cfg.Dir, err), b.release())
	}
	return b, nil
}

func (c Config) validate() error {
	switch {
	case c.Dir == "":
		return errors.New("start the embedded broker: no data directory; set Dir")
	case c.MaxRecord <= 0 || c.MaxRecord > maxRequestBytes:
		return fmt.Errorf("start the embedded broker: MaxRecord is %d; set 1 to %d bytes", c.MaxRecord, maxRequestBytes)
	case c.Log == nil:
		return errors.New("start the embedded broker: no logger; set Log")
	}
	return nil
}

func (b *Broker) start(ctx context.Context, cfg Config) error {
	if err := makeDirs(b.layout); err != nil {
		return err
	}
	lock, err := takeLock(b.layout)
	if err != nil {
		return err
	}
	b.lock = lock
	// The address before the recovery: it takes no time to fail.
	if b.ln, err = listen(cfg.Listen); err != nil {
		return err
	}
	if err := b.recover(ctx, cfg.Clock.Now()); err != nil {
		return err
	}
	if b.cluster, err = kfake.NewCluster(b.options(cfg)...); err != nil {
		return err
	}
	p := &policy{layout: b.layout, cluster: b.cluster, stager: newStager(b.layout, b.cluster), log: b.log, fail: b.fail, draining: &b.draining}
	p.install()
	if err := b.keepRetention(ctx, cfg.Clock); err != nil {
		return err
	}
	close(b.ln.open)
	b.serving = true
	return nil
}

// recover mends the directory unless it was closed in order, and marks it as
// in use.
func (b *Broker) recover(ctx context.Context, now time.Time) error {
	_, err := os.Stat(b.clean())
	if errors.Is(err, fs.ErrNotExist) {
		r := &recovery{layout: b.layout, log: b.log, now: now}
		err = r.run(ctx)
	}
	if err != nil {
		return err
	}
	// The notes first: what they speak of was carried out, and their marks in
	// the files do not outlive a rewriting.
	err = errors.Join(remove(b.intent()), remove(b.deleting()), syncDir(b.dir))
	return errors.Join(err, remove(b.clean()), syncDir(b.dir))
}

func (b *Broker) options(cfg Config) []kfake.Opt {
	_, port, _ := net.SplitHostPort(b.ln.Addr().String())
	n, _ := strconv.Atoi(port) // of our own listener
	forever := strconv.FormatInt(int64(10*365*24*time.Hour/time.Millisecond), 10)
	return []kfake.Opt{
		kfake.Ports(n),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return b.ln, nil }),
		kfake.DataDir(b.layout.log()),
		kfake.SyncWrites(),
		kfake.ClusterID("reservoir"),
		kfake.WithLogger(logger{log: b.log, fail: b.fail}),
		kfake.BrokerConfigs(map[string]string{
			"message.max.bytes": strconv.Itoa(cfg.MaxRecord),
			// A segment is read whole when the broker starts.
			"log.segment.bytes": strconv.Itoa(segmentBytes),
			// Retention is ours, compaction nobody's.
			"log.cleaner.backoff.ms": forever,
			// A site that was off for weeks goes on where it stopped. In
			// minutes; more than ten years overflow in kfake.
			"offsets.retention.minutes":      strconv.Itoa(10 * 365 * 24 * 60),
			"transactional.id.expiration.ms": strconv.Itoa(math.MaxInt32),
		}),
	}
}

func (b *Broker) keepRetention(ctx context.Context, clock pipeline.Clock) error {
	r := &retention{layout: b.layout, cluster: b.cluster, clock: clock, log: b.log, reached: map[string]place{}}
	if err := r.once(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	b.retention.Go(func() { r.run(running) })
	return nil
}

// Addr gives the bootstrap address, host:port.
func (b *Broker) Addr() string { return b.ln.Addr().String() }

// Failed is closed when the broker gave up: a write to its disk failed, and
// from then on it answers nobody. Err says why. What was acknowledged before
// is safe; free the disk and start again.
func (b *Broker) Failed() <-chan struct{} { return b.failed }

// Err gives the reason after Failed, nil before.
func (b *Broker) Err() error {
	select {
	case <-b.failed:
		return b.failure
	default:
		return nil
	}
}

// fail cuts every client off before kfake can acknowledge what it could not
// write (invariants 1 and 2).
func (b *Broker) fail(err error) {
	b.failing.Do(func() {
		b.draining.Store(true)
		b.failure = fmt.Errorf("the embedded broker in %s could not write and has stopped serving; free the disk and start again: %w", b.dir, err)
		b.ln.cutOff()
		close(b.failed)
		b.log.Error("the embedded broker has stopped serving", "error", b.failure)
	})
}

// Close writes everything down and stops. It returns the failure of a broker
// that had given up. A second call returns what the first did.
func (b *Broker) Close() error {
	b.closing.Do(func() { b.closeErr = b.release() })
	return b.closeErr
}

// release undoes start, as far as it went.
func (b *Broker) release() error {
	var errs []error
	if b.stop != nil {
		b.stop()
		b.retention.Wait() // it would wait for ever on a closed cluster
	}
	if b.cluster != nil {
		drained := b.drain()
		b.cluster.Close()
		errs = append(errs, drained, b.Err())
		if drained == nil && b.Err() == nil {
			errs = append(errs, replace(b.clean(), nil))
		}
	}
	if b.ln != nil {
		b.ln.cutOff()
	}
	if b.lock != nil {
		errs = append(errs, b.lock.Close())
	}
	return errors.Join(errs...)
}

package broker_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

const txnPartitions = 3

// versions are the two ways in which clients end transactions: with a new
// epoch for each (KIP-890), and without, as sarama does.
func versions() map[string]*kversion.Versions {
	return map[string]*kversion.Versions{"an epoch for each": kversion.V4_0_0(), "one epoch for all": kversion.V3_9_0()}
}

func txnClient(t testing.TB, addr string, v *kversion.Versions) *kgo.Client {
	return client(t, addr, kgo.TransactionalID("txn"), kgo.MaxVersions(v))
}

// open begins a transaction: one record in each partition, and an offset for
// group g where staged is not negative.
func open(ctx context.Context, t testing.TB, cl *kgo.Client, topic, value string, partitions int, staged int64) {
	t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for p := range partitions {
		produce(ctx, t, cl, topic, int32(p), value)
	}
	if staged < 0 {
		return
	}
	pid, epoch, err := cl.ProducerID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	add := kmsg.NewAddOffsetsToTxnRequest()
	add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = "txn", pid, epoch, "g"
	if _, err := add.RequestWith(ctx, cl); err != nil {
		t.Fatal(err)
	}
	req := kmsg.NewTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group, req.Generation = "txn", pid, epoch, "g", -1
	rp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	rp.Offset = staged
	req.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: topic, Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{rp}}}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}

// endTxn sends an EndTxn as it is, without what the client would do around it.
func endTxn(ctx context.Context, t testing.TB, cl *kgo.Client, pid int64, epoch int16, commit bool) error {
	t.Helper()
	req := kmsg.NewEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = "txn", pid, epoch, commit
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		t.Fatal(err)
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

// transaction runs one with a record in partition 0.
func transaction(ctx context.Context, t testing.TB, addr, topic string, commit bool) {
	t.Helper()
	cl := txnClient(t, addr, kversion.V4_0_0())
	defer cl.Close()
	open(ctx, t, cl, topic, "x", 1, -1)
	if err := cl.EndTransaction(ctx, kgo.TransactionEndTry(commit)); err != nil {
		t.Fatal(err)
	}
}

// TestATransactionIsAllOrNothing puts a directory into each state that a
// crash inside an EndTxn can leave: kfake writes a marker to each partition,
// then the offsets, then a line to pids.log.
func TestATransactionIsAllOrNothing(t *testing.T) {
	var (
		marker0 = "log/partitions/t-0"
		marker1 = "log/partitions/t-1"
		marker2 = "log/partitions/t-2"
		groups  = "log/groups.log"
	)
	steps := map[string]struct {
		done []string
		want bool
	}{
		"before the request":   {nil, false},
		"nothing yet":          {[]string{"intent"}, true},
		"one partition":        {[]string{"intent", marker1}, true},
		"all but one":          {[]string{"intent", marker0, marker2}, true},
		"all partitions":       {[]string{"intent", marker0, marker1, marker2}, true},
		"and the offsets":      {[]string{"intent", marker0, marker1, marker2, groups}, true},
		"and the last line":    {[]string{"intent", marker0, marker1, marker2, groups, "log/pids.log"}, true},
		"another transactions": {[]string{"log/pids.log"}, false},
	}
	for version, v := range versions() {
		before, after := aroundEndTxn(t, v)
		for name, step := range steps {
			t.Run(version+"/"+name, func(t *testing.T) {
				ctx, dir := testContext(t), t.TempDir()
				copyInto(t, dir, before, ".")
				for _, part := range step.done {
					copyInto(t, dir, after, part)
				}
				b := start(t, config(dir, "127.0.0.1:0"))
				want, offset := []string{"first"}, int64(1)
				if step.want {
					want, offset = []string{"first", "second"}, 2
				}
				for p := range txnPartitions {
					got := values(ctx, t, b.Addr(), "t", int32(p), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
					if !cmp.Equal(got, want) {
						t.Errorf("partition %d: %s", p, cmp.Diff(want, got))
					}
				}
				if got := committed(ctx, t, client(t, b.Addr(), byName()), "g", "t", 0); got != offset {
					t.Errorf("the group is at %d, want %d", got, offset)
				}
			})
		}
	}
}

// aroundEndTxn gives copies of a directory as it is just before the second
// transaction is committed, and just after.
func aroundEndTxn(t *testing.T, v *kversion.Versions) (before, after string) {
	t.Helper()
	ctx, dir := testContext(t), t.TempDir()
	c := startChild(t, dir, "127.0.0.1:0")
	cl := txnClient(t, c.addr, v)
	createTopic(ctx, t, cl, "t", txnPartitions, nil)
	open(ctx, t, cl, "t", "first", txnPartitions, 1)
	if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	open(ctx, t, cl, "t", "second", txnPartitions, 2)
	before, after = t.TempDir(), t.TempDir()
	copyInto(t, before, dir, ".")
	if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	copyInto(t, after, dir, ".")
	cl.Close()
	c.kill()
	return before, after
}

// copyInto copies a file or folder of one directory to the same place in
// another.
func copyInto(t *testing.T, to, from, part string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(from, part), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		write(t, filepath.Join(to, rel), content(t, path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnAbortedTransactionStaysAborted covers what kfake alone gets wrong:
// records aborted by a crash come back with the next commit of the same
// producer and the next crash.
func TestAnAbortedTransactionStaysAborted(t *testing.T) {
	for name, v := range versions() {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			c := startChild(t, t.TempDir(), "127.0.0.1:0")
			cl := txnClient(t, c.addr, v)
			createTopic(ctx, t, cl, "t", 1, nil)
			open(ctx, t, cl, "t", "lost", 1, -1)
			c.kill()
			cl.Close()
			c = c.again()
			cl = txnClient(t, c.addr, v)
			open(ctx, t, cl, "t", "kept", 1, -1)
			if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
				t.Fatal(err)
			}
			c.kill()
			cl.Close()
			c = c.again()
			got := values(ctx, t, c.addr, "t", 0, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
			if want := []string{"kept"}; !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}

// TestACommitThatACrashPreventedIsNotConfirmed covers what kfake alone gets
// wrong: it takes the late EndTxn for a repeat of an earlier one.
func TestACommitThatACrashPreventedIsNotConfirmed(t *testing.T) {
	for name, v := range versions() {
		for what, partitions := range map[string]int{"records": 1, "offsets alone": 0} {
			t.Run(name+"/"+what, func(t *testing.T) {
				ctx := testContext(t)
				c := startChild(t, t.TempDir(), "127.0.0.1:0")
				cl := txnClient(t, c.addr, v)
				createTopic(ctx, t, cl, "t", 1, nil)
				open(ctx, t, cl, "t", "first", 1, 1)
				if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
					t.Fatal(err)
				}
				open(ctx, t, cl, "t", "second", partitions, 2)
				pid, epoch, err := cl.ProducerID(ctx)
				if err != nil {
					t.Fatal(err)
				}
				c.kill()
				c = c.again()
				if err := endTxn(ctx, t, cl, pid, epoch, true); err == nil {
					t.Error("the lost transaction was confirmed")
				}
				if got := committed(ctx, t, client(t, c.addr, byName()), "g", "t", 0); got != 1 {
					t.Errorf("the group is at %d, want 1", got)
				}
			})
		}
	}
}

// TestARepeatedEndTxnCommitsNoLaterTransaction: the repeat is noted like any
// EndTxn, but ends nothing, and the transaction after it has the same epoch.
func TestARepeatedEndTxnCommitsNoLaterTransaction(t *testing.T) {
	ctx, v := testContext(t), kversion.V3_9_0()
	c := startChild(t, t.TempDir(), "127.0.0.1:0")
	cl := txnClient(t, c.addr, v)
	createTopic(ctx, t, cl, "t", 1, nil)
	open(ctx, t, cl, "t", "first", 1, 1)
	if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	pid, epoch, err := cl.ProducerID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := endTxn(ctx, t, cl, pid, epoch, true); err != nil {
		t.Fatal(err)
	}
	open(ctx, t, cl, "t", "never", 1, 2)
	c.kill()
	c = c.again()
	got := values(ctx, t, c.addr, "t", 0, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if want := []string{"first"}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if got := committed(ctx, t, client(t, c.addr, byName()), "g", "t", 0); got != 1 {
		t.Errorf("the group is at %d, want 1", got)
	}
}

// TestAFinishedTransactionIsNotCarriedOutAgain: an orderly close rewrites
// pids.log, by which a finished transaction is told from an interrupted one.
func TestAFinishedTransactionIsNotCarriedOutAgain(t *testing.T) {
	for name, v := range versions() {
		t.Run(name, func(t *testing.T) {
			ctx, dir := testContext(t), t.TempDir()
			b := start(t, config(dir, "127.0.0.1:0"))
			cl := txnClient(t, b.Addr(), v)
			createTopic(ctx, t, cl, "t", 1, nil)
			open(ctx, t, cl, "t", "first", 1, 1)
			if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
				t.Fatal(err)
			}
			cl.Close()
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			c := startChild(t, dir, "127.0.0.1:0")
			if err := commit(ctx, client(t, c.addr, byName()), "g", "t", 0, 5); err != nil {
				t.Fatal(err)
			}
			c.kill()
			c = c.again()
			if got := committed(ctx, t, client(t, c.addr, byName()), "g", "t", 0); got != 5 {
				t.Errorf("the group went back to %d from 5", got)
			}
		})
	}
}

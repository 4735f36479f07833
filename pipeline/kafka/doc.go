// Package kafka is the one place that speaks Kafka: a Publisher and a
// Subscriber behind Watermill's two interfaces, the administration of topics
// and groups, and plain reading of a partition. Nothing else imports sarama.
//
//	topic ─ Subscriber ─ keyed lanes ─▶ message.Router ─ handler ─▶ Publisher ─ topic
//	           ▲                                            │
//	           └── lowest unfinished offset, committed ◀────┘ Ack
//
// What the stock Pub/Sub for Watermill does not do, and this one does: many
// records of a partition in flight at once with equal keys in order, offsets
// that never pass an unfinished record (invariant 5), a drain before a
// partition is let go, and a publisher that waits for all its records together.
// Where handlers wait for nothing but their outputs a message stands for many
// records (SubscriberConfig.Batch), of different keys: what a message costs is
// then paid once for all of them.
//
// The delivery is at least once. A record is handed out again after a Nack,
// after a crash and after a claim that was lost with work in flight.
//
// With SubscriberConfig.Transactions it is exactly once, from topic to topic:
//
//	lanes ─▶ handler ─ Finish(outputs), Ack ─▶ finished prefix of each partition
//	                                               │ the end of a burst, Interval or MaxRecords
//	     settled(true), room in the window ◀─ transaction: outputs + offsets
//
// A transaction begins when its records are finished, so that none stays open
// for a slow handler. One that fails is sent again as it was; where the
// partition is no longer ours it is dropped, with settled(false), and whoever
// has the partition reads from the committed offsets. Every reader here reads
// what is committed only.
//
// The parts, from the wire inwards:
//
//   - group.go runs the consumer group (cooperative-sticky) and its sessions;
//     commit.go is the one place where offsets become marks and commits.
//   - claim.go holds one partition: reading, draining, letting go.
//   - transactor.go takes commit.go's place with Transactions: rhythm.go says when one
//     begins, kept.go is what it holds, verify.go finds out that a partition was somebody
//     else's, txnproducer.go and txnerrors.go are the producer and what mends its
//     errors; finish.go and claimtxn.go are the records' side, prefix.go their
//     order.
//   - lane.go hands out what is ready, a message at a time.
//   - window.go, lanes.go, pause.go and watermark.go decide what may run and what may be
//     committed; they know neither Kafka nor goroutines.
//   - message.go and record.go turn records into messages and back, losing
//     nothing.
//   - publisher.go, producer.go and batch.go write; errors.go and toolarge.go say what failed.
//   - admin.go, topics.go, offsets.go, read.go, aborted.go and tail.go are the rest.
package kafka

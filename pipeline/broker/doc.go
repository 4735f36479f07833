// Package broker is the Kafka broker that runs inside the process when none
// is configured. It stands where a cluster would: pipeline/kafka and every
// other client reach it by its address, and know nothing of it.
//
// It is for one machine: evaluation, development, and small sites whose disk is
// their safety. It is no cluster: one copy of each record, one disk, no
// authentication and no encryption, which is why it listens on the loopback
// address by default. Every acknowledgement waits for an fsync, one partition
// after the other; BenchmarkAcknowledgedProduce tells what a disk allows
// (some 2,000 records/s for one producer that waits for each, 18,000 for 64,
// on the disk of a small virtual machine). Who needs more takes a cluster.
//
// # What is stored where
//
//	DIR/log/      the broker's files, made by franz-go's kfake
//	DIR/lock      held while a broker runs
//	DIR/clean     there after an orderly Close only
//	DIR/intent    the transaction that was last being ended
//	DIR/deleting  the topics that were last being deleted
//	DIR/orphans/  partitions of no topic, set aside by a recovery
//
// Other files in DIR are not ours. DIR and DIR/log are open to their owner
// only; the modes of the files in DIR/log do not matter then.
//
// # What outlives a kill -9
//
// Everything that was acknowledged: records, topics and their configs,
// committed offsets, producer ids with the last batches of each producer, and
// transactions, each as a whole. kfake alone keeps the records; without
// recovery.go it would refuse or double an idempotent producer's next batches
// (their windows are saved by an orderly close only), forget offsets committed
// after a torn entry, show aborted records after a second crash, confirm
// commits that never happened, commit half a transaction, and load the whole
// log into memory. It also acknowledges what it failed to write; Broker then
// cuts every client off first (Failed).
//
// # What is different from a cluster
//
//   - Nothing is compacted: kfake deletes the segments before it writes the
//     compacted ones. A topic that asks for compaction keeps all it has, with
//     retention.ms and retention.bytes -1, and so grows; `compact,delete` keeps
//     its retention.
//   - Retention goes by batches, from the oldest on, at the start and every
//     five minutes; the last batch of a partition stays, with its offset.
//     A file goes when all of it is expired, so that a partition takes up to
//     8 MiB (log.segment.bytes) more than it holds, and an expired record may
//     be on disk, unreadable for clients, until its file goes.
//   - DeleteRecords and changes of the broker's own configs are refused.
//   - After a crash every transactional producer is fenced and must begin
//     anew, with InitProducerId.
//   - Offsets of a group without members are kept for ten years.
//
// # What is not covered
//
//   - An fsync that fails: kfake does not look at its result.
//   - A loss of power, beyond what the file system gives: records and offsets
//     are synced, but kfake does not sync the folder after it made a segment or
//     replaced topics.json. ext4 and XFS write both with the next fsync.
//   - The deletion of a consumer group is undone by a crash: kfake keeps no
//     note of it. Positions of share groups and configs of groups are saved by
//     an orderly close only. Reservoir uses none of these.
//   - A panic of kfake ends the process, as every panic does.
//
// # What it costs
//
// Memory: about 220 bytes for each batch in the log, however large, for as
// long as retention keeps it; no record is held. The start reads every
// segment, one per partition at a time, so it needs up to twice 8 MiB for each
// partition for a moment; after a crash it reads the log twice. 200 MB in
// 200,000 records take 0.06 s after an orderly close and 0.13 s after a kill,
// from the page cache (BenchmarkStart). An orderly close syncs each producer
// id and committed offset on its own.
package broker

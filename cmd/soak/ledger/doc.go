// Package ledger proves what a pipeline promises by reading all of its topics
// afterwards. It is told what senders were answered 200, reads every record
// that is committed, and says what does not add up:
//
//   - acknowledged: a webhook answered 200 that its topic has not as often, to
//     the byte (invariants 1 and 8)
//   - conserved: a record without an outcome, or with two, and an event between
//     the segments that was never published, as if it were a duplicate
//     (invariant 3)
//   - passed: an offset that was committed before its record had an outcome,
//     and one that nobody looked at (invariant 5)
//   - ordered: a booking whose events or decisions stand in another order than
//     it arrived in, or a key that is in two partitions (invariant 6)
//   - copies: an event twice under exactly_once; at least once, a copy that is
//     not the same to the byte (invariant 7)
//   - decided: an event that the policy judges without its one decision, or a
//     refund that was decided twice as if it were two
//   - state: a booking whose last state is not what a replay of all its events
//     from scratch gives (invariant 4)
//
// It shares no code with the work that it checks: not with the segments, their
// groups, commits and transactions, nor with the stages but for one. It does
// rest on three parts of the pipeline, whose own tests must hold them: records
// and offsets are read through kafka.Admin, which must give all that is committed
// and nothing that is not, the codec of records decodes them, and the replay is
// the dedupe stage itself.
package ledger

//go:build race

package kafka_test

// saramaRaces: sarama 1.61.1 reads the last error of a transaction without its
// lock (publishTxnPartitions), while other batches of it fail. Tests that make
// many batches fail are not run, or do something milder, under the detector.
const saramaRaces = true

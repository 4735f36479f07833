// Command bench measures whole pipelines on a real Kafka: how many events a
// second, at what cost of CPU and memory, with what delay.
//
//	go run ./cmd/bench -brokers 127.0.0.1:19091 -only one-hop
//
// Each case runs in a process of its own, so that CPU time and peak memory are
// its own; what feeds it (loader, sender of webhooks, simulated host) runs in
// further ones. A case makes topics named bench.<case>.<nanoseconds> and deletes
// them afterwards. Its outputs are counted and their order is checked: what is
// not right says WRONG.
//
// With -beside DIR the same job is measured as others do it, in the same turns:
// DIR holds Go programs ./limit (hand-written loops) and ./naive (a common use of
// Watermill), and kstreams/target with Kafka Streams, built; each prints a line
// of JSON. The table of ratios in the end is what means something elsewhere.
//
// Every result is printed as one line of JSON, and all of them as a table in
// the end. On a shared machine compare only figures of one run; CPU time for
// one event moves less than the rate does.
//
//	cpu us     CPU time of the pipeline's process for one event, microseconds
//	broker us  the broker's, where BENCH_BROKER_PID names its process
//	rss MB     peak resident memory of the pipeline's process
//	allocs     heap allocations for one event
//	others     how many cores other processes kept busy meanwhile
package main

// Package pipelinetest runs a whole pipeline in a test: the real engine, over
// the real Kafka protocol, on a broker in the process that keeps nothing; or on
// a real cluster, where RESERVOIR_TEST_BROKERS names one.
package pipelinetest

//go:build !race

package kafka_test

const saramaRaces = false

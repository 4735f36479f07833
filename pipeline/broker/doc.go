// Package broker is the Kafka broker that runs inside the process when none
// is configured: franz-go's kfake on disk, with what it lacks for that put
// around it.
package broker

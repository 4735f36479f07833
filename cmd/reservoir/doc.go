// Command reservoir takes booking webhooks of travel providers and turns them
// into one clean, ordered stream of booking events on Kafka.
package main

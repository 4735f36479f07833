// Package plugins lists the providers that Reservoir is built with. Each is one
// folder that knows what one sender of webhooks says, and nothing of stages or
// Kafka; none imports another. A new provider is a folder, its recorded
// webhooks in testdata, one test line (package plugintest), and one line in
// All.
package plugins

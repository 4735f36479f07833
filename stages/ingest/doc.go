// Package ingest is the first stage: it takes a web request whole, within
// limits, and asks the source's plugin which delivery of which booking it is.
// Nothing is trusted yet; verify comes next.
package ingest

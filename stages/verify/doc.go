// Package verify is the second stage: nobody who is not verified gets a 200.
// The plugin knows the signature; this stage judges the age of its timestamp and
// records the verdict, which later stages and replays trust (invariant 8).
package verify

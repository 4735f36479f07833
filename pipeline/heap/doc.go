// Package heap has Go collect a process's garbage as seldom as its memory
// allows. It belongs to the programs: nothing of the pipeline needs it.
package heap

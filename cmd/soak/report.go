package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// report is what a run says while it goes on, and what it found wrong.
type report struct {
	to    io.Writer
	began time.Time

	mu    sync.Mutex
	found []error
}

// say prints a line with the time since the beginning.
func (r *report) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.to, "%7.1fs %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

// wrong prints what must not be, and makes the run end badly.
func (r *report) wrong(format string, args ...any) {
	r.say("WRONG: "+format, args...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found = append(r.found, fmt.Errorf(format, args...))
}

func (r *report) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.found...)
}

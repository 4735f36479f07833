package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// fleet is all members that should run.
type fleet struct {
	site   site
	root   string
	static bool
	report *report

	mu      sync.Mutex
	members []*member
	guests  []*member
	closing bool
}

// begin starts the members that stay.
func (f *fleet) begin(ctx context.Context, n int) error {
	for i := range n {
		m, err := f.site.newMember(f.root, fmt.Sprintf("%s-m%d", f.site.name, i+1), f.static)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.members = append(f.members, m)
		f.mu.Unlock()
		if err := m.start(ctx, f.died); err != nil {
			return err
		}
	}
	return nil
}

// died notes an end that nobody asked for, and starts the member again: the
// run goes on, and ends badly.
func (f *fleet) died(m *member, err error) {
	f.mu.Lock()
	closing := f.closing
	f.mu.Unlock()
	if closing {
		return
	}
	f.report.wrong("%s ended by itself: %v (its log: %s/log)", m.name, err, m.dir)
	if err := m.start(context.Background(), f.died); err != nil {
		f.report.wrong("%v", err)
	}
}

// all gives the members.
func (f *fleet) all() []*member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*member(nil), f.members...)
}

// joinedSince gives what the members joined since they were asked last.
func (f *fleet) joinedSince() []joined {
	var all []joined
	for _, m := range f.all() {
		all = append(all, m.joinedSince()...)
	}
	return all
}

func (f *fleet) any(r *rand.Rand) *member {
	all := f.all()
	return all[r.IntN(len(all))]
}

// guest adds a member that will leave again.
func (f *fleet) guest() (*member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, err := f.site.newMember(f.root, fmt.Sprintf("%s-g%d", f.site.name, len(f.guests)+1), false)
	if err != nil {
		return nil, err
	}
	f.guests = append(f.guests, m)
	_, err = m.begin(f.died)
	return m, err
}

// start starts one member again.
func (f *fleet) start(ctx context.Context, m *member) error { return m.start(ctx, f.died) }

// ready tells whether every member takes webhooks.
func (f *fleet) ready(ctx context.Context) bool {
	for _, m := range f.all() {
		if !m.ready(ctx) {
			return false
		}
	}
	return true
}

// again lets every member leave and come back with an empty disk.
func (f *fleet) again(ctx context.Context) error {
	f.leave()
	var errs []error
	for _, m := range f.all() {
		m.clean = true
		errs = append(errs, m.start(ctx, f.died))
	}
	return errors.Join(errs...)
}

// end lets every member leave for good.
func (f *fleet) end() {
	f.mu.Lock()
	f.closing = true
	f.mu.Unlock()
	f.leave()
}

func (f *fleet) leave() {
	var leaving sync.WaitGroup
	for _, m := range f.all() {
		leaving.Go(func() {
			if err := m.leave(); err != nil {
				f.report.wrong("%v (its log: %s/log)", err, m.dir)
			}
		})
	}
	leaving.Wait()
}

// killAll ends whatever still runs, for want of a better end.
func (f *fleet) killAll() {
	f.mu.Lock()
	f.closing = true
	all := slices.Concat(f.members, f.guests)
	f.mu.Unlock()
	for _, m := range all {
		m.kill()
	}
}

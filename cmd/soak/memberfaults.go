package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"
)

// killMember is a crash with a supervisor: the process is back at once.
func killMember(ctx context.Context, s *soak, r *rand.Rand) error {
	m := s.fleet.any(r)
	m.kill()
	return s.fleet.start(ctx, m)
}

// killMemberLate is a crash of a machine: others must take over, and then it
// comes back.
func killMemberLate(ctx context.Context, s *soak, r *rand.Rand) error {
	m := s.fleet.any(r)
	m.kill()
	return errors.Join(lasts(ctx, between(r, 2*time.Second, 15*time.Second)), s.fleet.start(ctx, m))
}

// restartMember is a restart in order.
func restartMember(ctx context.Context, s *soak, r *rand.Rand) error {
	return s.restarted(ctx, s.fleet.any(r))
}

// restarted lets a member end in order and starts it again, and notes how long
// it was away. One fault of a member is done at once.
func (s *soak) restarted(ctx context.Context, m *member) error {
	began := time.Now()
	s.left(m)
	err := s.fleet.start(ctx, m)
	s.promise.away = max(s.promise.away, time.Since(began))
	return err
}

// rollMembers restarts one member after the other, as a deployment does.
func rollMembers(ctx context.Context, s *soak, _ *rand.Rand) error {
	for _, m := range s.fleet.all() {
		if err := s.restarted(ctx, m); err != nil {
			return err
		}
		if err := s.until(ctx, "ready again", func() bool { return m.ready(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// pauseMember makes a zombie: a member that stands still for longer than its
// session, loses everything, and goes on as if nothing was.
func pauseMember(ctx context.Context, s *soak, r *rand.Rand) error {
	m := s.fleet.any(r)
	m.signal(syscall.SIGSTOP)
	defer m.signal(syscall.SIGCONT)
	return lasts(ctx, between(r, 3*time.Second, 16*time.Second))
}

// storm lets members join and leave, faster than the group can follow.
func storm(ctx context.Context, s *soak, r *rand.Rand) error {
	var errs []error
	for range 2 + r.IntN(2) {
		m, err := s.fleet.guest()
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, lasts(ctx, between(r, 500*time.Millisecond, 4*time.Second)))
		if r.IntN(2) == 0 {
			m.kill()
			continue
		}
		s.left(m)
	}
	return errors.Join(errs...)
}

// wipeMember is a crash with the loss of the disk: the whole state is restored
// from a topic that is compacted meanwhile.
func wipeMember(ctx context.Context, s *soak, r *rand.Rand) error {
	m := s.fleet.any(r)
	m.kill()
	m.clean = true
	return s.fleet.start(ctx, m)
}

// left lets a member end in order. While brokers are away it may fail to finish
// what is under way in its time, and says so by its exit code.
func (s *soak) left(m *member) {
	before := s.trouble.Load()
	err := m.leave()
	switch {
	case err == nil:
	case before > 0 || s.trouble.Load() > 0:
		s.report.say("      while brokers are away, %v", err)
	default:
		s.report.wrong("%v (its log: %s/log)", err, m.dir)
	}
}

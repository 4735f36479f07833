package command

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/reservoirhq/reservoir/pipeline/engine"
)

// hangups brings SIGHUP, which asks `run` to read its configuration again.
func hangups() <-chan os.Signal {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	return asked
}

// reread gives the plan to go on with after a SIGHUP, nil where the
// configuration or a policy has faults, or what is asked for only a restart can
// do. Either is logged: nobody looks at the screen of a service.
func (s *service) reread() *engine.Plan {
	plan, faults := s.read()
	faults = faults.Strict()
	for _, f := range faults.Errors() {
		s.log.Error("the configuration is not read again: it has a fault", "fault", f.Error())
	}
	if faults.Err() != nil {
		return nil
	}
	if err := s.plan.Reloadable(plan); err != nil {
		s.log.Error("the configuration is not read again: this change needs a restart", "change", err)
		return nil
	}
	return plan
}

// reload puts a new engine behind the doors once the old one has finished what
// it had under way; in between webhooks are answered 503. Where the new one
// cannot be made, the old plan goes on.
func (s *service) reload(plan *engine.Plan) error {
	before := s.plan
	s.plan = plan
	err := s.anew()
	if err == nil {
		s.log.Info("the configuration was read again")
		return nil
	}
	s.log.Error("the new configuration cannot be run; the old one goes on", "error", err)
	s.plan = before
	return s.build()
}

// anew puts a new engine in the place of the one that has ended. What that one
// says at its end stops nothing.
func (s *service) anew() error {
	if err := s.end(); err != nil {
		s.log.Warn("the engine that ends", "error", err)
	}
	return s.build()
}

// refusedReload tells a new plan that Kafka's topics refuse, such as one that
// leaves records unread: the plan before it goes on.
func refusedReload(err error, before *engine.Plan) bool {
	var refused *engine.RefusedError
	return before != nil && errors.As(err, &refused)
}

// ask waits for a SIGHUP that leads to a new plan.
func (s *service) ask(ctx context.Context) *engine.Plan {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.hangups:
			if plan := s.reread(); plan != nil {
				return plan
			}
		}
	}
}

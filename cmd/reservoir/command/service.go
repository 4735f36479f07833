package command

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/engine"
)

// service is one run of a plan: two doors, the brokers and the engine between.
type service struct {
	Process
	plan *engine.Plan
	log  *slog.Logger

	webhooks, admin *door
	brokers         brokers
	engine          *engine.Engine
	tell            func(addresses) // once everything listens; nil for nobody
}

// addresses are host:port as bound.
type addresses struct {
	webhooks, admin string
	brokers         []string
}

// drainTime bounds how long webhooks under way may take to be answered: their
// body's time and the brokers' acknowledgement.
const drainTime = 25 * time.Second

// run runs the plan until the context ends and everything under way is
// finished. What was started is stopped in the order that loses nothing: no
// more webhooks, the segments, their producer, the broker, and the admin
// address last, so that a drain can be watched.
func (s *service) run(ctx context.Context) (err error) {
	if err = s.bind(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.closeDoors()) }()
	if err = s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it was up
		}
		return err
	}
	defer func() { err = errors.Join(err, s.engine.Close(), s.brokers.close()) }()
	return s.drive(ctx)
}

// bind takes both addresses before anything else, so that a used port fails at
// once and nothing has to be undone.
func (s *service) bind() error {
	var err error
	if s.webhooks, err = bind("listen", s.plan.File.Listen, s.log); err != nil {
		return err
	}
	if s.admin, err = bind("admin", s.plan.File.Admin, s.log); err != nil {
		return errors.Join(err, s.webhooks.server.Close())
	}
	s.admin.open(adminStarting())
	return nil
}

func (s *service) closeDoors() error {
	return errors.Join(s.webhooks.server.Close(), s.admin.server.Close())
}

// start opens the brokers and puts the engine behind the doors.
func (s *service) start(ctx context.Context) error {
	var err error
	if s.brokers, err = openBrokers(ctx, s.plan.File.Kafka, s.Clock, s.log); err != nil {
		return err
	}
	if err := s.build(); err != nil {
		return errors.Join(err, s.brokers.close())
	}
	at := addresses{s.webhooks.address(), s.admin.address(), s.brokers.addresses}
	s.log.Info("listening", "webhooks", at.webhooks, "admin", at.admin, "brokers", at.brokers)
	if s.tell != nil {
		s.tell(at)
	}
	return nil
}

func (s *service) build() error {
	tokens, err := tokenizer(s.plan.File)
	if err != nil {
		return err
	}
	metrics, err := newRegistry()
	if err != nil {
		return err
	}
	deps := engine.Deps{Clock: s.Clock, Random: s.Random, Tokens: tokens, Log: s.log}
	if s.engine, err = engine.New(s.plan, s.brokers.addresses, deps, metrics); err != nil {
		return err
	}
	webhooks, err := s.engine.Webhooks()
	if err != nil {
		return errors.Join(err, s.engine.Close())
	}
	s.webhooks.open(webhooks)
	s.admin.open(admin(s.engine, metrics))
	return nil
}

// drive runs the engine until it is told to stop or something ends by itself.
func (s *service) drive(ctx context.Context) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(running) }()
	cause := s.wait(ctx, ended)
	s.log.Info("draining")
	s.engine.Drain()
	bounded, cancel := context.WithTimeout(running, drainTime)
	defer cancel()
	drained := s.webhooks.drain(bounded)
	stop()
	err := errors.Join(cause, drained, <-ended)
	s.log.Info("stopped")
	return err
}

// wait gives why the run ends: nil where it was told to. What ended by itself
// gives its error to ended again, so that drive can wait for it either way.
func (s *service) wait(ctx context.Context, ended chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		if err == nil {
			err = errors.New("the pipelines ended by themselves")
		}
		ended <- nil
		return err
	case <-s.brokers.failed():
		return s.brokers.err()
	case err := <-s.webhooks.ended:
		return s.webhooks.failed(err)
	case err := <-s.admin.ended:
		return s.admin.failed(err)
	}
}

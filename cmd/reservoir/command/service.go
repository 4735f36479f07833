package command

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/heap"
)

// service is one run of a plan: two doors, the brokers and the engine between.
type service struct {
	Process
	plan *engine.Plan
	log  *slog.Logger

	read    func() (*engine.Plan, config.Faults) // the configuration, again
	hangups <-chan os.Signal                     // asks for that; nil for never

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
	defer heap.Tend(s.Clock, s.Env)()
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
	defer func() { err = errors.Join(err, s.end(), s.brokers.close()) }()
	return s.drive(ctx)
}

// end closes the engine, if there is one.
func (s *service) end() error {
	ending := s.engine
	s.engine = nil
	if ending == nil {
		return nil
	}
	return ending.Close()
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
	made, err := engine.New(s.plan, s.brokers.addresses, deps, metrics)
	if err != nil {
		return err
	}
	webhooks, err := made.Webhooks()
	if err != nil {
		return errors.Join(err, made.Close())
	}
	s.engine = made
	s.webhooks.open(webhooks)
	s.admin.open(admin(made, metrics))
	return nil
}

// drive runs the engine until it is told to stop or something ends by itself.
// At a SIGHUP, and where local state is broken, it goes on with a new one.
func (s *service) drive(ctx context.Context) error {
	var before *engine.Plan // that was running when the present one was read
	for {
		next, err := s.turn(ctx)
		switch {
		case next != nil && err == nil:
			before = s.plan
			err = s.reload(next)
		case refusedReload(err, before):
			s.log.Error("the new configuration is refused; the old one goes on", "error", err)
			err = s.reload(before)
			before = nil
		case errors.Is(err, engine.ErrSpoiled) && ctx.Err() == nil:
			err = s.anew()
		default:
			s.log.Info("stopped")
			return err
		}
		if err != nil {
			return err
		}
	}
}

// turn runs one engine; it gives the plan to go on with, if there is one.
func (s *service) turn(ctx context.Context) (*engine.Plan, error) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(running) }()
	asked := make(chan *engine.Plan, 1)
	var asking sync.WaitGroup
	asking.Go(func() {
		if plan := s.ask(running); plan != nil {
			asked <- plan
		}
	})
	next, cause := s.wait(ctx, ended, asked)
	s.log.Info("draining")
	s.engine.Drain()
	drained := s.drainWebhooks(running, next != nil || errors.Is(cause, engine.ErrSpoiled))
	stop()
	asking.Wait()
	return next, errors.Join(cause, drained, <-ended)
}

// drainWebhooks lets those under way be answered. Before a new engine the door
// stays, and answers 503.
func (s *service) drainWebhooks(ctx context.Context, stays bool) error {
	if stays {
		s.webhooks.open(http.HandlerFunc(starting))
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	return s.webhooks.drain(bounded)
}

// wait gives why the engine is to end: nil where it was told to, and the plan to
// go on with, if one was read. What ended by itself gives its error to ended
// again, so that turn can wait for it either way.
func (s *service) wait(ctx context.Context, ended chan error, asked <-chan *engine.Plan) (*engine.Plan, error) {
	select {
	case <-ctx.Done():
		return nil, nil
	case plan := <-asked:
		return plan, nil
	case err := <-ended:
		if err == nil {
			err = errors.New("the pipelines ended by themselves")
		}
		ended <- nil
		return nil, err
	case <-s.brokers.failed():
		return nil, s.brokers.err()
	case err := <-s.webhooks.ended:
		return nil, s.webhooks.failed(err)
	case err := <-s.admin.ended:
		return nil, s.admin.failed(err)
	}
}

package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

// simulate starts the TourCMS API that knows the demo's bookings.
func (a *app) simulate(folder *demoFolder) *http.Server {
	bookings := map[string][]byte{}
	for _, s := range a.parts.Plugins {
		if s.Name != "tourcms" {
			continue
		}
		if c, err := pipeline.ReadCase(s.Cases, "confirmed"); err == nil {
			bookings["1234"] = c.LookUp // without it the look-up fails, and the demo says so
		}
	}
	api := tourcmstest.Handler(bookings, tourcmstest.Key{Channel: 3930, APIKey: folder.apiKey})
	server := &http.Server{Handler: api, ReadHeaderTimeout: headerTime}
	go func() { _ = server.Serve(folder.api) }() // ends by Close
	return server
}

// play sends the webhooks and shows what comes of them until all is there.
func (a *app) play(ctx context.Context, at addresses, folder *demoFolder) error {
	if err := a.ready(ctx, at.admin); err != nil {
		return err
	}
	admin, err := connect(ctx, config.Kafka{Brokers: at.brokers})
	if err != nil {
		return err
	}
	defer admin.Close() //nolint:errcheck // it only read
	ctx, stop := context.WithCancel(ctx)
	records := make(chan shownRecord)
	failed := make(chan error, len(demoTopics()))
	var tails sync.WaitGroup
	defer tails.Wait()
	defer stop()
	for topic, output := range demoTopics() {
		tails.Go(func() { failed <- follow(ctx, admin, topic, output, records) })
	}
	if err := a.sendDemo(ctx, folder, at.webhooks); err != nil {
		return err
	}
	return a.watch(ctx, records, failed)
}

// ready waits until webhooks are taken.
func (a *app) ready(ctx context.Context, admin string) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(r)
		if err == nil {
			_ = response.Body.Close() // only the status matters
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := a.Clock.Sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the pipelines were not ready in time: %w", err)
		}
	}
}

type shownRecord struct {
	output pipeline.Output
	record pipeline.Record
}

func follow(ctx context.Context, admin *kafka.Admin, topic string, output pipeline.Output, to chan<- shownRecord) error {
	return admin.Tail(ctx, topic, kafka.Oldest, func(r pipeline.Record) error {
		select {
		case to <- shownRecord{output, r}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// sendDemo sends the webhooks, each signed as its provider does.
func (a *app) sendDemo(ctx context.Context, folder *demoFolder, webhooks string) error {
	fmt.Fprintf(a.Stdout, "Sent to http://%s\n\n", webhooks)
	for _, step := range demoSteps() {
		from, err := a.sender(folder.config, step.source)
		if err != nil {
			return err
		}
		got, err := a.sendStep(ctx, from, step, "http://"+webhooks)
		if err != nil {
			return fmt.Errorf("send %s %s: %w", step.source, step.recorded, err)
		}
		fmt.Fprintf(a.Stdout, "%d  %-10s  %-30s  %s\n", got.status, step.source, step.recorded, step.why)
		if got.status != step.status {
			return fmt.Errorf("send %s %s: answered %d, want %d: %s", step.source, step.recorded, got.status, step.status, line(got.body))
		}
	}
	fmt.Fprint(a.Stdout, "\nRead from Kafka\n\n")
	return nil
}

func (a *app) sendStep(ctx context.Context, from sender, step demoStep, base string) (answer, error) {
	recorded, err := from.find(step.recorded)
	if err != nil {
		return answer{}, err
	}
	provider, err := from.provider(a.Process)
	if err != nil {
		return answer{}, err
	}
	defer closeProvider(provider)
	return deliver(ctx, provider, recorded, from.source.Path, base, a.Clock.Now())
}

// watch shows records until every one that must come is there.
func (a *app) watch(ctx context.Context, records <-chan shownRecord, failed <-chan error) error {
	missing := demoSights()
	for len(missing) > 0 {
		select {
		case r := <-records:
			fmt.Fprintln(a.Stdout, demoLine(r.output, r.record))
			if r.output == pipeline.Dead {
				return errors.New("a webhook became a dead letter")
			}
			missing = slices.DeleteFunc(missing, func(s sight) bool { return s == seen(r.output, r.record) })
		case err := <-failed:
			return fmt.Errorf("read what came out: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("not everything came in time; missing: %s", describe(missing))
		}
	}
	return nil
}

func describe(sights []sight) string {
	var parts []string
	for _, s := range sights {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s %s", s.output, s.key, s.kind)))
	}
	return strings.Join(parts, "; ")
}

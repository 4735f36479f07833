package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// lookUpTime is what the simulated host takes for an answer.
const lookUpTime = 100 * time.Millisecond

// possible gives the look-ups a second that so many at once can do.
func possible(inFlight int) float64 { return float64(inFlight) / lookUpTime.Seconds() }

// lookUps measures a chain that looks up every event, over a loaded raw topic.
func (b *bench) lookUps(ctx context.Context) (result, error) {
	host, err := start(ctx, roleHost, struct{}{}, "")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = host.cmd.Wait() }()
	defer func() { _ = host.cmd.Cancel() }()
	if b.host, err = host.line(); err != nil {
		return result{}, err
	}
	if err := b.loaded(ctx); err != nil {
		return result{}, err
	}
	r, err := b.drained(ctx, host.cmd.Process.Pid)
	if err != nil {
		return result{}, err
	}
	stats, err := lookUpStats(ctx, b.host)
	if err != nil {
		return result{}, err
	}
	took := stats.Last.Sub(stats.First)
	rate := float64(stats.Asked) / took.Seconds()
	r.add("%.0f/s from the first look-up to the last are %.0f %% of the possible %.0f/s, at most %d at once",
		rate, 100*rate/possible(b.Options.InFlight), possible(b.Options.InFlight), stats.Most)
	if stats.Most > b.Options.InFlight {
		r.wrong("more look-ups at once than max_in_flight")
	}
	err = b.check(ctx, &r)
	return r, err
}

// hostStats is what the simulated host saw.
type hostStats struct {
	Asked       int
	Most        int // at once
	First, Last time.Time
}

type host struct {
	mu    sync.Mutex
	now   int
	stats hostStats
}

const statsPath = "/stats"

// serveLookUps answers look-ups until ctx ends, after writing its URL to out.
func serveLookUps(ctx context.Context, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := &host{}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	_ = server.Serve(listener) // ends with Close
	return nil
}

// ServeHTTP answers a look-up after lookUpTime, or what was seen.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == statsPath {
		h.mu.Lock()
		defer h.mu.Unlock()
		_ = json.NewEncoder(w).Encode(h.stats)
		return
	}
	h.begin()
	time.Sleep(lookUpTime)
	fmt.Fprintf(w, `{"number":%q,"note":%q}`, r.URL.Path, strings.Repeat("-", 500))
	h.end()
}

func (h *host) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stats.Asked == 0 {
		h.stats.First = time.Now()
	}
	h.stats.Asked++
	h.now++
	h.stats.Most = max(h.stats.Most, h.now)
}

func (h *host) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now--
	h.stats.Last = time.Now()
}

func lookUpStats(ctx context.Context, url string) (hostStats, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+statsPath, nil)
	if err != nil {
		return hostStats{}, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return hostStats{}, err
	}
	defer answer.Body.Close()
	var stats hostStats
	err = json.NewDecoder(answer.Body).Decode(&stats)
	return stats, err
}

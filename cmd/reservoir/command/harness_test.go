package command_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline"
)

// patience bounds every wait of these tests; it is met only where something
// hangs.
const patience = time.Minute

// site is a folder with a configuration and what its commands may see.
type site struct {
	dir   string
	env   map[string]string
	level string         // of the log; empty is info
	clock pipeline.Clock // nil is the machine's

	hangups chan os.Signal // SIGHUP; nil for never
}

const studentSite = `
kafka:
  embedded: {dir: %DIR%/data, listen: "127.0.0.1:0"}
listen: 127.0.0.1:0
admin: 127.0.0.1:0
sources:
  studentcom:
    plugin: studentcom
    path: /hooks/studentcom/{secret}
    config: {secret: {env: STUDENT_SECRET}}
pipelines:
  bookings:
    sources: [studentcom]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, normalise, {to: bookings.normalised}, dedupe, policy]
`

const studentSecret = "a-secret-of-students"

func newSite(t *testing.T, text string) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), env: map[string]string{"STUDENT_SECRET": studentSecret}}
	s.configure(t, text)
	return s
}

func (s *site) configure(t *testing.T, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, "%DIR%", s.dir)
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) config() string { return filepath.Join(s.dir, "reservoir.yaml") }

func (s *site) process(stdout, stderr io.Writer, signals chan os.Signal) command.Process {
	clock := s.clock
	if clock == nil {
		clock = pipeline.WallClock{}
	}
	return command.Process{
		Stdout: stdout, Stderr: stderr, Clock: clock, Random: rand.Uint64, Signals: signals,
		Env:     func(name string) (string, bool) { v, ok := s.env[name]; return v, ok },
		Hangups: func() <-chan os.Signal { return s.hangups },
	}
}

// outcome is what a command line printed and how it ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs one command line to its end.
func (s *site) command(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr buffer
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code := command.Run(ctx, builtIn(), s.process(&stdout, &stderr, nil), args)
	return outcome{code, stdout.String(), stderr.String()}
}

// must is command for one that succeeds.
func (s *site) must(t *testing.T, args ...string) string {
	t.Helper()
	got := s.command(t, args...)
	if got.code != 0 {
		t.Fatalf("reservoir %s: exit %d\n%s%s", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	return got.stdout
}

// running is a `run` under way in this process.
type running struct {
	webhooks, admin string
	broker          string
	log             *buffer
	signals         chan os.Signal
	ended           chan int
}

// start runs the site's pipelines until they listen.
func (s *site) start(t *testing.T) *running {
	t.Helper()
	log := newLogged()
	r := &running{log: log.buffer, signals: make(chan os.Signal, 2), ended: make(chan int, 1)}
	p := s.process(io.Discard, log, r.signals)
	go func() {
		r.ended <- command.Run(context.Background(), builtIn(), p, []string{"run", "-c", s.config(), "--log-format", "json", "--log-level", cmp.Or(s.level, "info")})
	}()
	t.Cleanup(func() { r.stop(t) })
	select {
	case at := <-log.listening:
		r.webhooks, r.admin, r.broker = "http://"+at.Webhooks, "http://"+at.Admin, at.Brokers[0]
	case code := <-r.ended:
		r.ended <- code
		t.Fatalf("run ended with %d before it listened:\n%s", code, r.log)
	case <-time.After(patience):
		t.Fatalf("run does not listen:\n%s", r.log)
	}
	return r
}

// startReady is start, and waits until webhooks are taken.
func (s *site) startReady(t *testing.T) *running {
	t.Helper()
	r := s.start(t)
	r.until(t, "ready", func() bool { return status(t, r.admin+"/readyz") == http.StatusOK })
	return r
}

// atPorts writes the configuration with the addresses a run has taken, for
// commands that look there.
func (s *site) atPorts(t *testing.T, text string, r *running) {
	t.Helper()
	for _, address := range []string{r.broker, strings.TrimPrefix(r.webhooks, "http://"), strings.TrimPrefix(r.admin, "http://")} {
		text = strings.Replace(text, "127.0.0.1:0", address, 1)
	}
	s.configure(t, text)
}

// stop ends the run as an operator does, and gives its exit code.
func (r *running) stop(t *testing.T) int {
	t.Helper()
	select {
	case r.signals <- os.Interrupt:
	default:
	}
	select {
	case code := <-r.ended:
		r.ended <- code
		for len(r.signals) > 0 {
			<-r.signals
		}
		return code
	case <-time.After(patience):
		t.Fatalf("run does not end:\n%s", r.log)
		return -1
	}
}

// until waits for a condition.
func (r *running) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	within(t, what, condition, func() string { return r.log.String() })
}

func within(t *testing.T, what string, condition func() bool, context func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not %s in time:\n%s", what, context())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// client keeps no connection, so that none outlives its test.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
}

func status(t *testing.T, url string) int {
	t.Helper()
	response, err := client().Get(url)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func body(t *testing.T, url string) string {
	t.Helper()
	response, err := client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// record is a line of `tail -o json`.
type record struct {
	Key     string
	Headers []struct{ Key, Value string }
	Value   json.RawMessage
}

func (r record) header(name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return h.Value
		}
	}
	return ""
}

// tail reads what is in a topic.
func (s *site) tail(t *testing.T, topic string) []record {
	t.Helper()
	var all []record
	lines := bufio.NewScanner(strings.NewReader(s.must(t, "tail", topic, "--follow=false", "-o", "json", "-c", s.config())))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		all = append(all, r)
	}
	return all
}

// buffer is written by one goroutine and read by another.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// listening is the log line that tells the addresses.
type listening struct {
	Msg             string
	Webhooks, Admin string
	Brokers         []string
}

// logged is a log in JSON that tells when it says `listening`. One writer at a
// time writes it, in pieces of any length.
type logged struct {
	*buffer
	line      []byte // begun and not ended
	listening chan listening
}

func newLogged() *logged { return &logged{buffer: &buffer{}, listening: make(chan listening, 1)} }

// Write looks at every line that ends in p.
func (l *logged) Write(p []byte) (int, error) {
	l.line = append(l.line, p...)
	for {
		line, rest, ended := bytes.Cut(l.line, []byte("\n"))
		if !ended {
			return l.buffer.Write(p)
		}
		l.line = rest
		var at listening
		if json.Unmarshal(line, &at) == nil && at.Msg == "listening" {
			l.listening <- at
		}
	}
}

// student gives the body of a webhook about one booking; version makes its
// content and its event id.
func student(booking string, version int) string {
	return fmt.Sprintf(`{"id":%q,"object":"event","type":"booking.booking_confirmed","data":{"object":{"object":"booking",
		"stage":"booking_confirmed","currency":"GBP","moveInDate":"2026-09-13","moveOutDate":"2027-06-30","referenceId":%q,
		"totalPrice":"%d.72","totalRental":"%d.72","totalFee":"0","totalDeposit":"0",
		"student":{"firstName":"Jonas","lastName":"Beispielmann","emailAddress":"jonas.beispielmann@example.org"},
		"createdAt":"2026-06-01T05:50:17+00:00","updatedAt":"2026-06-01T05:50:%02d+00:00","confirmedAt":"2026-06-01T05:50:20+00:00"}}}`,
		studentEvent(booking, version), booking, 300+version, 300+version, 20+version)
}

func studentEvent(booking string, version int) string {
	return fmt.Sprintf("event-%s-%d", booking, version)
}

const studentPath = "/hooks/studentcom/" + studentSecret

// post sends one webhook and gives its status, 0 where there was no answer.
func post(ctx context.Context, c *http.Client, url, body string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	response, err := c.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0
	}
	return response.StatusCode
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func runWith(p command.Process, args ...string) int {
	return command.Run(context.Background(), builtIn(), p, args)
}

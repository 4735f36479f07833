package command_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/broker"
)

func TestAWebhookThatIsSentComesOutOnTheEventsTopic(t *testing.T) {
	s := newSite(t, studentSite)
	r := s.startReady(t)
	s.atPorts(t, studentSite, r)

	got := s.must(t, "send", "studentcom", "book_confirmed", "-c", s.config(), "--count", "2")
	if n := strings.Count(got, "200 {"); n != 2 {
		t.Errorf("two sent, answered\n%s", got)
	}
	if got := s.must(t, "send", "studentcom", "book_confirmed", "-c", s.config(), "-o", "json"); !strings.HasPrefix(got, `{"status":200,"answer":{"id":`) {
		t.Errorf("in JSON it answered %s", got)
	}
	r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == 1 && len(s.tail(t, "bookings.outcomes")) == 2 })
	event := s.tail(t, "bookings.events")[0]
	if event.Key != "studentcom/HB993001444" || event.header("ce_type") != "travel.booking.confirmed.v1" {
		t.Errorf("event %s of type %s", event.Key, event.header("ce_type"))
	}
	if code := r.stop(t); code != 0 {
		t.Errorf("a run that was told to stop ended with %d:\n%s", code, r.log)
	}
}

func TestNewWebhooksThatAreSentAreOfBookingsOfTheirOwn(t *testing.T) {
	s := newSite(t, studentSite)
	r := s.startReady(t)
	s.atPorts(t, studentSite, r)
	s.must(t, "send", "studentcom", "book_confirmed", "--new", "--count", "3", "-c", s.config())
	r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == 3 })
	deliveries := map[string]bool{}
	for _, raw := range s.tail(t, "bookings.raw.studentcom") {
		deliveries[raw.header("ce_id")+" "+raw.Key] = true
	}
	if len(deliveries) != 3 {
		t.Errorf("the deliveries are %v", deliveries)
	}
}

func TestTailPrintsWhatIsThereAndWhatComesOnceEach(t *testing.T) {
	s := newSite(t, studentSite)
	r := s.startReady(t)
	s.atPorts(t, studentSite, r)
	c := client()
	book := func(booking string) {
		if code := post(t.Context(), c, r.webhooks+studentPath, student(booking, 1)); code != http.StatusOK {
			t.Fatalf("%s answered %d", booking, code)
		}
	}
	book("HB1")
	book("HB2")
	r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == 2 })
	done := make(chan outcome, 1)
	go func() { done <- s.command(t, "tail", "bookings.events", "-n", "4", "-c", s.config()) }()
	book("HB3")
	book("HB4")
	got := <-done
	if got.code != 0 {
		t.Fatalf("tail ended with %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, booking := range []string{"HB1", "HB2", "HB3", "HB4"} {
		if n := strings.Count(got.stdout, "key studentcom/"+booking+"\n"); n != 1 {
			t.Errorf("%s is printed %d times:\n%s", booking, n, got.stdout)
		}
	}
}

func TestAUsedPortFailsAtOnceAndSaysWhose(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, key := range []string{"listen", "admin"} {
		s := newSite(t, strings.Replace(studentSite, "\n"+key+": 127.0.0.1:0", "\n"+key+": "+taken.Addr().String(), 1))
		got := s.command(t, "run", "-c", s.config())
		if got.code != 1 || !strings.Contains(got.stderr, key+": the port of "+taken.Addr().String()+" is in use") {
			t.Errorf("%s: exit %d\n%s", key, got.code, got.stderr)
		}
		if _, err := os.Stat(s.dir + "/data"); err == nil {
			t.Errorf("%s: a broker was started before the port was known to be taken", key)
		}
	}
}

func TestRunRefusesAnUnsetSecretThatCheckWarnsOf(t *testing.T) {
	s := newSite(t, studentSite)
	delete(s.env, "STUDENT_SECRET")
	s.must(t, "check", "-c", s.config())
	for _, args := range [][]string{{"run"}, {"check", "--strict"}} {
		got := s.command(t, append(args, "-c", s.config())...)
		if got.code != 1 || !strings.Contains(got.stdout+got.stderr, "sources.studentcom.config.secret: the environment variable STUDENT_SECRET is unset") {
			t.Errorf("%v: exit %d\n%s%s", args, got.code, got.stdout, got.stderr)
		}
	}
}

func TestTheAdminAddressTellsWhatThereIs(t *testing.T) {
	s := newSite(t, studentSite)
	r := s.startReady(t)
	if page := body(t, r.admin+"/"); !strings.Contains(page, "/readyz") {
		t.Errorf("front page:\n%s", page)
	}
	if code := status(t, r.admin+"/other"); code != http.StatusNotFound {
		t.Errorf("an unknown page is %d", code)
	}
	metrics := body(t, r.admin+"/metrics")
	for _, name := range []string{"reservoir_ready 1", "go_goroutines", "process_open_fds"} {
		if !strings.Contains(metrics, name) {
			t.Errorf("no %s in /metrics", name)
		}
	}
}

func TestTwoRunsOnOneFolderAreRefused(t *testing.T) {
	s := newSite(t, studentSite)
	s.startReady(t)
	got := s.command(t, "run", "-c", s.config())
	if got.code != 1 || !strings.Contains(got.stderr, "another process holds") {
		t.Errorf("exit %d\n%s", got.code, got.stderr)
	}
}

func TestWithoutABrokerWebhooksAreAskedToComeBackAndGoOnByThemselves(t *testing.T) {
	address := freeAddress(t)
	s := brokerSite(t, address, studentSite)
	r := s.start(t)

	request, err := http.NewRequest(http.MethodPost, r.webhooks+studentPath, strings.NewReader(student("HB1", 1)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	if code := status(t, r.admin+"/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz is %d", code)
	}
	if code := status(t, r.admin+"/healthz"); code != http.StatusOK {
		t.Errorf("/healthz is %d", code)
	}

	b := startBroker(t, s.dir+"/data", address)
	defer b.Close()
	r.until(t, "ready", func() bool { return status(t, r.admin+"/readyz") == http.StatusOK })
	if code := post(t.Context(), client(), r.webhooks+studentPath, student("HB1", 1)); code != http.StatusOK {
		t.Errorf("with a broker it is answered %d", code)
	}
	r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == 1 })
	if code := r.stop(t); code != 0 {
		t.Errorf("ended with %d:\n%s", code, r.log)
	}
}

func TestARunThatNeverMetItsBrokerStopsInOrder(t *testing.T) {
	r := brokerSite(t, "127.0.0.1:1", studentSite).start(t)
	if code := r.stop(t); code != 0 {
		t.Errorf("ended with %d:\n%s", code, r.log)
	}
}

func TestARunWhoseBrokerWentAwaySaysSoAndStopsInOrder(t *testing.T) {
	address := freeAddress(t)
	s := brokerSite(t, address, studentSite)
	b := startBroker(t, s.dir+"/data", address)
	r := s.startReady(t)
	if code := post(t.Context(), client(), r.webhooks+studentPath, student("HB1", 1)); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	r.until(t, "unready", func() bool { return status(t, r.admin+"/readyz") == http.StatusServiceUnavailable })
	if code := post(t.Context(), client(), r.webhooks+studentPath, student("HB2", 1)); code != http.StatusServiceUnavailable {
		t.Errorf("answered %d", code)
	}
	if code := r.stop(t); code != 0 {
		t.Errorf("ended with %d:\n%s", code, r.log)
	}
}

// brokerSite is a site whose broker is elsewhere.
func brokerSite(t *testing.T, address, text string) *site {
	t.Helper()
	site := strings.Replace(text, "dedupe,", `{dedupe: {dir: "%DIR%/state"}},`, 1)
	s := newSite(t, strings.Replace(site, `embedded: {dir: %DIR%/data, listen: "127.0.0.1:0"}`, "brokers: ["+address+"]", 1)+
		"privacy: {key: {env: PRIVACY_KEY}}\n")
	s.env["PRIVACY_KEY"] = "a key of more than sixteen characters"
	return s
}

// freeAddress gives an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	found, err := command.FreePorts(1, rand.Uint64)
	if err != nil {
		t.Fatal(err)
	}
	return found[0]
}

func startBroker(t *testing.T, dir, address string) *broker.Broker {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := broker.Start(ctx, broker.Config{Dir: dir, Listen: address, MaxRecord: 4 << 20, Log: discard(), Clock: pipeline.WallClock{}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

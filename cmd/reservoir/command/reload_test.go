package command_test

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestAHangupReadsSecretsAndSourcesAgain(t *testing.T) {
	s := newSite(t, studentSite)
	s.hangups = make(chan os.Signal, 1)
	r := s.startReady(t)
	c := client()
	before, after := r.webhooks+studentPath, r.webhooks+"/hooks/studentcom/another-secret-of-tests"
	if code := post(t.Context(), c, before, student("HB1", 1)); code != http.StatusOK {
		t.Fatalf("before, the old secret is answered %d", code)
	}

	s.env["STUDENT_SECRET"] = "another-secret-of-tests"
	s.hangups <- syscall.SIGHUP
	r.until(t, "read again", func() bool { return post(t.Context(), c, after, student("HB2", 1)) == http.StatusOK })
	if code := post(t.Context(), c, before, student("HB3", 1)); code != http.StatusUnauthorized {
		t.Errorf("after, the old secret is answered %d", code)
	}
	s.atPorts(t, studentSite, r)
	r.until(t, "published", func() bool { return len(s.tail(t, "bookings.events")) == 2 })
}

func TestAHangupThatWouldChangeTooMuchIsRefusedAndTheOldGoesOn(t *testing.T) {
	for name, tt := range map[string]struct{ change, says string }{
		"a fault":                {strings.Replace(studentSite, "dedupe, policy", "dedup, policy", 1), "has a fault"},
		"the list of stages":     {strings.Replace(studentSite, ", policy]", "]", 1), "needs a restart"},
		"a topic":                {strings.Replace(studentSite, "bookings.normalised", "bookings.other", 1), "needs a restart"},
		"the broker's partition": {strings.Replace(studentSite, "kafka:\n", "kafka:\n  topics: {partitions: 3}\n", 1), "needs a restart"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, studentSite)
			s.hangups = make(chan os.Signal, 1)
			r := s.startReady(t)
			s.configure(t, tt.change)
			s.hangups <- syscall.SIGHUP
			r.until(t, "refused", func() bool { return strings.Contains(r.log.String(), tt.says) })
			if code := post(t.Context(), client(), r.webhooks+studentPath, student("HB1", 1)); code != http.StatusOK {
				t.Errorf("a webhook is answered %d", code)
			}
		})
	}
}

// A bundle is edited in place, so the one of the old plan is gone too: what is
// compiled has to go on.
func TestAHangupWithAPolicyThatDoesNotCompileLeavesTheOldOneRunning(t *testing.T) {
	s := newSite(t, strings.Replace(studentSite, "dedupe, policy", "dedupe, policy: {bundle: own, query: data.own.result}", 1))
	bundle := s.dir + "/own"
	write := func(rego string) {
		if err := os.WriteFile(bundle+"/own.rego", []byte(rego), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(bundle, 0o700); err != nil {
		t.Fatal(err)
	}
	write("package own\nresult := {\"decision\": \"not_applicable\", \"reasons\": []}\n")
	s.hangups = make(chan os.Signal, 1)
	r := s.startReady(t)
	write("package own\nresult := {\n")
	s.hangups <- syscall.SIGHUP
	r.until(t, "refused", func() bool { return strings.Contains(r.log.String(), "has a fault") })
	if code := post(t.Context(), client(), r.webhooks+studentPath, student("HB1", 1)); code != http.StatusOK {
		t.Errorf("a webhook is answered %d", code)
	}
	if code := r.stop(t); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, r.log)
	}
}

package verify_test

import (
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/stages/verify"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

type clock struct{ pipeline.WallClock }

func (clock) Now() time.Time { return now }

type plug struct {
	pipeline.Provider
	verdict pipeline.Verification
	err     error
}

func (p plug) Verify(pipeline.Request, time.Time) (pipeline.Verification, error) {
	return p.verdict, p.err
}

func run(t *testing.T, p plug) (pipeline.Event, error) {
	t.Helper()
	s, err := verify.New(verify.Defaults(), pipeline.StageDeps{Clock: clock{}, Sources: map[string]pipeline.Source{"src": {Provider: p}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Process(t.Context(), pipeline.Event{Source: "src", Request: pipeline.Request{PathSecret: "s3cret"}})
	if err != nil {
		return pipeline.Event{}, err
	}
	return out[0], nil
}

func TestTheVerdictIsRecordedAndTheSecretForgotten(t *testing.T) {
	ev, err := run(t, plug{verdict: pipeline.Verification{Method: "url-secret"}})
	if err != nil || ev.Verified != "url-secret" || ev.Request.PathSecret != "" {
		t.Errorf("verified %q, secret %q, %v", ev.Verified, ev.Request.PathSecret, err)
	}
}

func TestTheAgeOfASignatureIsJudged(t *testing.T) {
	tests := []struct {
		name string
		age  time.Duration
		ok   bool
	}{
		{"just now", 0, true},
		{"at the tolerance", 5 * time.Minute, true},
		{"over the tolerance", 5*time.Minute + time.Second, false},
		{"our clock is behind a little", -time.Minute, true},
		// The full tolerance both ways would double the time in which a
		// captured webhook can be sent again.
		{"far ahead", -time.Minute - time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := run(t, plug{verdict: pipeline.Verification{Method: "hmac-sha256", SignedAt: now.Add(-tt.age)}})
			if tt.ok != (err == nil) {
				t.Fatalf("error is %v", err)
			}
			if r, _ := pipeline.AsRejection(err); !tt.ok && r.Reason != pipeline.Unverified {
				t.Errorf("reason is %s", r.Reason)
			}
		})
	}
}

func TestWhatThePluginRefusesIsRefused(t *testing.T) {
	if _, err := run(t, plug{err: pipeline.Rejectf(pipeline.Unverified, "no")}); err == nil {
		t.Error("passed")
	}
}

func TestAToleranceThatRefusesEverybodyIsAFault(t *testing.T) {
	if (verify.Config{}).Validate() == nil {
		t.Error("no fault")
	}
}

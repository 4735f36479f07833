package policy_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/policies"
	"github.com/reservoirhq/reservoir/stages/policy"
)

// shadowed is a stage whose live policies are the built-in ones, beside one
// that a test writes.
func shadowed(t *testing.T, rego string) pipeline.Stage {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.rego"), []byte("package travel.refund\n\n"+rego), 0o600); err != nil {
		t.Fatal(err)
	}
	d := deps()
	c := policy.Defaults()
	c.Shadow = &policy.Shadow{Bundle: dir}
	s, err := policy.New(c, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAShadowIsCountedAndDecidesNothing(t *testing.T) {
	live := process(t, builtInStage(t), bk42())
	for name, tt := range map[string]struct{ rego, want string }{
		"another answer":   {`result := {"decision": "deny"}`, `{live="approve",pipeline="bookings",refund="differs",shadow="review"} 1`},
		"it is undefined":  {`result := {"decision": "deny"} if false`, `refund="differs",shadow="review"} 1`},
		"it judges others": {"judges := {\"travel.booking.created.v1\"}\n\nresult := {\"decision\": \"deny\"}", `refund="differs",shadow="none"} 1`},
	} {
		t.Run(name, func(t *testing.T) {
			s := shadowed(t, tt.rego)
			if got := process(t, s, bk42()); !bytes.Equal(got.Value, live.Value) {
				t.Errorf("the live decision is\n%s\nwithout a shadow\n%s", got.Value, live.Value)
			}
			text := scrape(t, s)
			if !strings.Contains(text, tt.want) {
				t.Errorf("the metric is\n%s\nwant %s", text, tt.want)
			}
		})
	}
}

func TestTheSamePoliciesAsAShadowAgree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	c := policy.Defaults()
	c.Shadow = &policy.Shadow{Bundle: dir}
	s, err := policy.New(c, deps())
	if err != nil {
		t.Fatal(err)
	}
	process(t, s, bk42())
	if text := scrape(t, s); !strings.Contains(text, `{live="approve",pipeline="bookings",refund="same",shadow="approve"} 1`) {
		t.Errorf("the metric is\n%s", text)
	}
}

func TestAShadowSeesWhatTheLivePolicyDoesNotJudge(t *testing.T) {
	s := shadowed(t, "judges := {\"travel.booking.created.v1\"}\n\nresult := {\"decision\": \"deny\"}")
	ev := bk42()
	ev.Booking.Type = booking.Created
	out, err := s.Process(t.Context(), ev)
	if err != nil || len(out) != 1 || len(out[0].Side) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if text := scrape(t, s); !strings.Contains(text, `live="none"`) {
		t.Errorf("the metric is\n%s", text)
	}
}

func TestAShadowEndsWithItsClaim(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := shadowed(t, "judges := {\"travel.booking.created.v1\"}\n\nresult := {\"decision\": \"deny\"}")
	ev := bk42()
	ev.Booking.Type = booking.Created
	if _, err := s.Process(ctx, ev); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestABundleThatIsNotThereIsSaid(t *testing.T) {
	c := policy.Defaults()
	c.Shadow = &policy.Shadow{Bundle: "nowhere"}
	if _, err := policy.New(c, deps()); err == nil || !strings.Contains(err.Error(), "shadow: policies nowhere: there is no such folder; name") {
		t.Errorf("error is %v", err)
	}
}

func scrape(t *testing.T, s pipeline.Stage) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	for _, c := range s.(interface{ Collectors() []prometheus.Collector }).Collectors() {
		registry.MustRegister(c)
	}
	found, err := testutil.GatherAndCount(registry)
	if err != nil || found == 0 {
		t.Fatalf("%d metrics, %v", found, err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+`="`+l.GetValue()+`"`)
			}
			b.WriteString("{" + strings.Join(labels, ",") + "} ")
			b.WriteString(strings.TrimSuffix(strings.TrimPrefix(m.GetCounter().String(), "value:"), " ") + "\n")
		}
	}
	return b.String()
}

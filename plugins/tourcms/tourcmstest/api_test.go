package tourcmstest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

var now = time.Date(2025, 6, 10, 10, 6, 40, 0, time.UTC)

// The signature is the known vector's: key AAAAAA, channel 3930, marketplace 0,
// that instant and path.
func TestAPIChecksTheSignature(t *testing.T) {
	const (
		path = "/c/booking/show.xml?booking_id=1234"
		good = "TourCMS 3930:0:szouiGz19Vf0Pw5PS7kQJXLI%2Fq4k0YZlJ5zgbDyLIxc%3D"
	)
	for name, tc := range map[string]struct {
		method, path, authorization string
		date                        time.Time
		want                        string
	}{
		"signed":          {"GET", path, good, now, "<booking/>"},
		"another booking": {"GET", "/c/booking/show.xml?booking_id=1235", good, now, "FAIL_SIG"},
		"cut":             {"GET", path, good[:len(good)-3], now, "FAIL_SIG"},
		"not signed":      {"GET", path, "", now, "FAIL_SIG"},
		"another channel": {"GET", path, strings.Replace(good, "3930", "3931", 1), now, "FAIL_KEYNOTFOUND"},
		"an agent":        {"GET", path, strings.Replace(good, ":0:", ":7:", 1), now, "FAIL_KEYNOTFOUND"},
		"another instant": {"GET", path, good, now.Add(time.Second), "FAIL_SIG"},
		"too old":         {"GET", path, good, now.Add(-16 * time.Minute), "FAIL_TIME"},
		"another verb":    {"POST", path, good, now, "FAIL_VERB"},
	} {
		api := tourcmstest.Handler(map[string][]byte{"1234": []byte("<booking/>")}, tourcmstest.Key{Channel: 3930, APIKey: "AAAAAA"})
		api.Now = func() time.Time { return now }
		r := httptest.NewRequest(tc.method, tc.path, nil)
		r.Header.Set("Authorization", tc.authorization)
		r.Header.Set("X-Tourcms-Date", tc.date.Format(http.TimeFormat))
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("%s: %s, want %s", name, w.Body, tc.want)
		}
	}
}

func TestAPIFollowsItsScript(t *testing.T) {
	api := tourcmstest.Handler(nil)
	api.Script(tourcmstest.Status(503, "7"), tourcmstest.Fail("FAIL_TIME"), tourcmstest.Body([]byte("<x/>")))
	for _, want := range []string{"Service Unavailable", "FAIL_TIME", "<x/>", "FAIL_SIG"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/c/booking/show.xml", nil))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s, want %s", w.Body, want)
		}
	}
	if api.Calls() != 4 {
		t.Errorf("%d calls", api.Calls())
	}
}

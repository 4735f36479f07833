package tourcmstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key is one channel's key.
type Key struct {
	Channel     uint64
	Marketplace uint64 // 0 for the operator
	APIKey      string
}

// API is the simulated API. Its methods may be called at any time.
type API struct {
	// Now is the API's clock; time.Now where it is nil. Set it before the
	// first request.
	Now func() time.Time

	mu       sync.Mutex
	bookings map[string][]byte
	keys     []Key
	script   []Step
	calls    int
}

var _ http.Handler = (*API)(nil)

// Handler makes an API that knows these bookings (a whole answer by booking id)
// and takes calls signed with one of keys.
func Handler(bookings map[string][]byte, keys ...Key) *API {
	known := maps.Clone(bookings)
	if known == nil {
		known = map[string][]byte{}
	}
	return &API{bookings: known, keys: keys}
}

// Put replaces a booking's answer.
func (a *API) Put(id string, answer []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bookings[id] = answer
}

// Step answers one request in the API's place, or returns false to let the API
// answer as usual.
type Step func(w http.ResponseWriter, r *http.Request) (answered bool)

// Script adds steps: each is used for one request, in order.
func (a *API) Script(steps ...Step) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.script = append(a.script, steps...)
}

// Calls is how many requests were made.
func (a *API) Calls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// Fail answers with an `<error>`, such as FAIL_SIG or NO MATCHING DATA.
func Fail(code string) Step {
	return func(w http.ResponseWriter, r *http.Request) bool {
		writeError(w, r, code)
		return true
	}
}

// Status answers with an HTTP status and no XML; retryAfter is the header of
// that name, left out where it is empty.
func Status(status int, retryAfter string) Step {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		http.Error(w, http.StatusText(status), status)
		return true
	}
}

// Body answers 200 with these bytes.
func Body(body []byte) Step {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write(body)
		return true
	}
}

// Before runs fn, such as a wait for a channel, and then answers as usual.
func Before(fn func(*http.Request)) Step {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		fn(r)
		return false
	}
}

// ServeHTTP answers one call.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if step := a.next(); step != nil && step(w, r) {
		return
	}
	w.Header().Set("X-RateLimit-Limit", "3000")
	w.Header().Set("X-RateLimit-Remaining", "2999")
	if code := a.check(r); code != "" {
		writeError(w, r, code)
		return
	}
	a.mu.Lock()
	answer, ok := a.bookings[r.URL.Query().Get("booking_id")]
	a.mu.Unlock()
	if r.URL.Path != "/c/booking/show.xml" || !ok {
		writeError(w, r, "NO MATCHING DATA")
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write(answer)
}

func (a *API) next() Step {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	if len(a.script) == 0 {
		return nil
	}
	step := a.script[0]
	a.script = a.script[1:]
	return step
}

// check gives the error code of a call that is not properly signed, else "".
func (a *API) check(r *http.Request) string {
	if r.Method != http.MethodGet {
		return "FAIL_VERB"
	}
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "TourCMS ")
	parts := strings.SplitN(rest, ":", 3)
	if !ok || len(parts) != 3 {
		return "FAIL_SIG"
	}
	key, ok := a.key(parts[0], parts[1])
	if !ok {
		return "FAIL_KEYNOTFOUND"
	}
	at, err := http.ParseTime(r.Header.Get("x-tourcms-date"))
	if err != nil || a.now().Sub(at).Abs() > 15*time.Minute {
		return "FAIL_TIME"
	}
	if !hmac.Equal([]byte(parts[2]), []byte(Sign(key, r.Method, at, r.URL.RequestURI()))) {
		return "FAIL_SIG"
	}
	return ""
}

// Sign gives the signature the API expects of a call at a time.
func Sign(key Key, verb string, at time.Time, path string) string {
	text := strings.Join([]string{
		strconv.FormatUint(key.Channel, 10), strconv.FormatUint(key.Marketplace, 10), verb,
		strconv.FormatInt(at.Unix(), 10),
	}, "/") + path
	mac := hmac.New(sha256.New, []byte(key.APIKey))
	_, _ = io.WriteString(mac, text)
	return strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (a *API) key(channel, marketplace string) (Key, bool) {
	for _, k := range a.keys {
		if channel == strconv.FormatUint(k.Channel, 10) && marketplace == strconv.FormatUint(k.Marketplace, 10) {
			return k, true
		}
	}
	return Key{}, false
}

func (a *API) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
}

func writeError(w http.ResponseWriter, r *http.Request, code string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	request := url.PathEscape(r.URL.Path) // nothing of the caller's can become markup
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><response><request>%s %s</request><error>%s</error></response>`, http.MethodGet, request, code)
}

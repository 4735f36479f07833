package engine

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func TestEveryAnswerHasALength(t *testing.T) {
	for _, size := range []int{1, short, short + 1, 4096} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, "application/json", []byte(strings.Repeat("x", size)))
		}))
		for _, ask := range []func(string) (*http.Response, error){http.Get, http.Head} {
			r, err := ask(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if got := r.Header.Get("Content-Length"); got != strconv.Itoa(size) {
				t.Errorf("%s of %d bytes: Content-Length %q", r.Request.Method, size, got)
			}
			if r.Header.Get("Content-Type") != "application/json" || len(r.TransferEncoding) > 0 {
				t.Errorf("%s of %d bytes: headers %v, %v", r.Request.Method, size, r.Header, r.TransferEncoding)
			}
		}
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	}
}

package engine

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAPathThatIsNotAsWrittenIsNowhereAndNotRedirected(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/hooks/src/{secret}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/", nowhere)
	for path, want := range map[string]int{
		"/hooks/src/s": 200, "/hooks/src/%73": 200, "/": 404, "/hooks/src": 404,
		"//hooks/src/s": 404, "/hooks//src/s": 404, "/hooks/src/s/": 404, "/hooks/./src/s": 404, "/x/../hooks/src/s": 404,
	} {
		w := httptest.NewRecorder()
		asWritten(mux).ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, nil))
		if w.Code != want || w.Header().Get("Location") != "" {
			t.Errorf("%s is answered %d, Location %q; want %d", path, w.Code, w.Header().Get("Location"), want)
		}
	}
}

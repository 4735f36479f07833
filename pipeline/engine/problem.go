package engine

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// retryAfter is what a sender is asked to wait when the trouble is ours.
const retryAfter = 5 * time.Second

// problem is a fault as senders see it: RFC 9457, application/problem+json.
type problem struct {
	status     int
	detail     string
	retryAfter time.Duration
	allow      string
}

func (p problem) write(w http.ResponseWriter) {
	if p.retryAfter > 0 {
		seconds := int((p.retryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	if p.allow != "" {
		w.Header().Set("Allow", p.allow)
	}
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", http.StatusText(p.status), p.status, p.detail})
	if err != nil {
		body = []byte("{}") // three strings and a number always encode
	}
	answer(w, p.status, "application/problem+json", body)
}

// short is an answer of which the server tells the length by itself, which
// costs less than a header: it has the whole of it before it sends any.
const short = 1 << 10

func answer(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header() // the names are canonical
	header["Content-Type"] = []string{contentType}
	if len(body) > short {
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a sender that has gone learns nothing, and calls again
}

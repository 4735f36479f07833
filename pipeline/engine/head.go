package engine

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
)

const redacted = "<redacted>"

// head writes the request line and headers as they came in, less what is
// secret (invariants 8 and 10): headers that carry credentials, and every value
// of a configured secret wherever it stands.
func head(r *pipeline.Request, scrub *scrub) []byte {
	var room [32]string // most requests have fewer headers
	names, size := room[:0], len(r.Method)+len(r.Path)+len(r.RawQuery)+len(r.Proto)+len(r.Host)+len("  ?\r\nHost: \r\n")
	for name, values := range r.Header {
		names = append(names, name)
		for _, value := range values {
			size += len(name) + len(": \r\n") + max(len(value), len(redacted))
		}
	}
	slices.Sort(names)
	b := make([]byte, 0, size)
	b = append(append(append(b, r.Method...), ' '), r.Path...)
	if r.RawQuery != "" {
		b = append(append(b, '?'), r.RawQuery...)
	}
	b = append(append(append(b, ' '), r.Proto...), "\r\n"...)
	if r.Host != "" {
		b = appendLine(b, "Host", r.Host)
	}
	for _, name := range names {
		secret := credential(name)
		for _, value := range r.Header[name] {
			if secret {
				value = redacted
			}
			b = appendLine(b, name, value)
		}
	}
	return scrub.clean(b)
}

func appendLine(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), "\r\n"...)
}

// credential tells headers that carry a secret by their very purpose.
func credential(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token":
		return true
	}
	return false
}

// parseHead reads what head wrote, and nothing else: one line each, CRLF.
func parseHead(text string) (pipeline.Request, error) {
	line, rest, ok := strings.Cut(text, "\r\n")
	method, target, ok2 := strings.Cut(line, " ")
	target, proto, ok3 := strings.Cut(target, " ")
	if !ok || !ok2 || !ok3 || strings.Contains(proto, " ") {
		return pipeline.Request{}, errors.New("no request line")
	}
	path, query, _ := strings.Cut(target, "?")
	lines := strings.Count(rest, "\r\n")
	r := pipeline.Request{Method: method, Path: path, RawQuery: query, Proto: proto, Header: make(http.Header, lines)}
	values := make([]string, 0, lines) // of all headers, in one piece
	for rest != "" {
		if line, rest, ok = strings.Cut(rest, "\r\n"); !ok {
			return pipeline.Request{}, errors.New("a header has no end")
		}
		name, value, ok := strings.Cut(line, ": ")
		switch {
		case !ok || name == "":
			return pipeline.Request{}, errors.New("a header has no name")
		case name == "Host":
			r.Host = value
		default:
			// head wrote the name in its canonical form.
			if before, repeated := r.Header[name]; repeated {
				r.Header[name] = append(before, value)
				continue
			}
			values = append(values, value)
			r.Header[name] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	return r, nil
}

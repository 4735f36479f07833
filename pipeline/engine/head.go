package engine

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
)

const redacted = "<redacted>"

// head writes the request line and headers as they came in, less what is
// secret (invariants 8 and 10): headers that carry credentials, and every value
// of a configured secret wherever it stands.
func head(r pipeline.Request, scrub *strings.Replacer) string {
	var b strings.Builder
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + r.RawQuery
	}
	fmt.Fprintf(&b, "%s %s %s\r\n", r.Method, target, r.Proto)
	if r.Host != "" {
		fmt.Fprintf(&b, "Host: %s\r\n", r.Host)
	}
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range r.Header[name] {
			if credential(name) {
				value = redacted
			}
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	return scrub.Replace(b.String())
}

// credential tells headers that carry a secret by their very purpose.
func credential(name string) bool {
	return slices.Contains([]string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token"}, http.CanonicalHeaderKey(name))
}

// parseHead reads what head wrote, and nothing else: one line each, CRLF.
func parseHead(text string) (pipeline.Request, error) {
	line, rest, ok := strings.Cut(text, "\r\n")
	words := strings.Split(line, " ")
	if !ok || len(words) != 3 {
		return pipeline.Request{}, errors.New("no request line")
	}
	path, query, _ := strings.Cut(words[1], "?")
	r := pipeline.Request{Method: words[0], Path: path, RawQuery: query, Proto: words[2], Header: http.Header{}}
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
			r.Header[name] = append(r.Header[name], value)
		}
	}
	return r, nil
}

package engine

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
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

func parseHead(text string) (pipeline.Request, error) {
	line, rest, ok := strings.Cut(text, "\r\n")
	words := strings.Split(line, " ")
	if !ok || len(words) != 3 {
		return pipeline.Request{}, errors.New("no request line")
	}
	fields, err := textproto.NewReader(bufio.NewReader(strings.NewReader(rest + "\r\n"))).ReadMIMEHeader()
	if err != nil {
		return pipeline.Request{}, errors.New("headers cannot be read")
	}
	path, query, _ := strings.Cut(words[1], "?")
	host := fields.Get("Host")
	fields.Del("Host")
	return pipeline.Request{Method: words[0], Path: path, RawQuery: query, Proto: words[2], Host: host, Header: http.Header(fields)}, nil
}

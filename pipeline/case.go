package pipeline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/textproto"
	"path"
	"strings"
)

// Case is a recorded webhook with what a look-up would answer.
type Case struct {
	Name    string
	Request Request // not signed, no PathSecret: Sender does that
	// LookUp is the body of the look-up's answer, nil where the case has none.
	LookUp []byte
}

// ReadCase reads one folder of a plugin's recorded webhooks:
//
//	request.http   request line and headers: `GET {path}?event=cancelled HTTP/1.1`;
//	               {path} stands for the path the source is configured with
//	body.*         the body to the byte, such as body.json; none for an empty one
//	lookup.*       the answer of a look-up, such as lookup.xml
func ReadCase(cases fs.FS, name string) (Case, error) {
	head, err := fs.ReadFile(cases, path.Join(name, "request.http"))
	if err != nil {
		return Case{}, fmt.Errorf("read case %s: %w", name, err)
	}
	c := Case{Name: name}
	if c.Request, err = parseHead(head); err != nil {
		return Case{}, fmt.Errorf("read case %s: request.http: %w", name, err)
	}
	if c.Request.Body, err = readOne(cases, path.Join(name, "body.*")); err != nil {
		return Case{}, fmt.Errorf("read case %s: %w", name, err)
	}
	if c.Request.Body == nil {
		c.Request.Body = []byte{}
	}
	if c.LookUp, err = readOne(cases, path.Join(name, "lookup.*")); err != nil {
		return Case{}, fmt.Errorf("read case %s: %w", name, err)
	}
	return c, nil
}

// CaseNames lists the cases of a plugin, sorted.
func CaseNames(cases fs.FS) ([]string, error) {
	heads, err := fs.Glob(cases, "*/request.http")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(heads))
	for i, h := range heads {
		names[i] = path.Dir(h)
	}
	return names, nil
}

func readOne(cases fs.FS, pattern string) ([]byte, error) {
	found, err := fs.Glob(cases, pattern)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(found) > 1 {
		return nil, fmt.Errorf("%d files match %s, want one", len(found), pattern)
	}
	return fs.ReadFile(cases, found[0])
}

// parseHead reads a request line and headers, with LF or CRLF.
func parseHead(head []byte) (Request, error) {
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) != 3 {
		return Request{}, errors.New("the first line must be `METHOD TARGET HTTP/1.1`")
	}
	target, query, _ := strings.Cut(words[1], "?")
	fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.TrimRight(rest, "\r\n"), "\r\n\r\n"...)))).ReadMIMEHeader()
	if err != nil && len(bytes.TrimSpace(rest)) > 0 {
		return Request{}, fmt.Errorf("headers: %w", err)
	}
	header := make(map[string][]string, len(fields))
	for name, values := range fields {
		header[name] = values
	}
	host := fields.Get("Host")
	return Request{Method: words[0], Path: target, RawQuery: query, Proto: words[2], Host: host, Header: header}, nil
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/reservoirhq/reservoir/cmd/bench/payload"
)

// client is one connection that sends requests as bytes: net/http's client
// would cost more than the server that is measured.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, addr string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return newClient(conn), nil
}

func newClient(conn net.Conn) *client { return &client{conn: conn, in: bufio.NewReader(conn)} }

// request gives a webhook as it goes over the connection.
func request(w payload.Webhook) []byte {
	var b bytes.Buffer
	b.Grow(len(w.Body) + 512)
	b.WriteString("POST " + hookPath + " HTTP/1.1\r\nHost: " + hookHost + "\r\n")
	header := w.Header()
	for _, name := range slices.Sorted(maps.Keys(header)) {
		b.WriteString(name + ": " + header[name][0] + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(w.Body)
	return b.Bytes()
}

// roundTrip sends a request, reads the whole answer and gives its status.
func (c *client) roundTrip(request []byte) (int, error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, fmt.Errorf("send a webhook: %w", err)
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, fmt.Errorf("read an answer: %w", err)
	}
	words := bytes.Fields(line)
	if len(words) < 2 {
		return 0, fmt.Errorf("an answer without a status line")
	}
	code, err := strconv.Atoi(string(words[1]))
	if err != nil {
		return 0, fmt.Errorf("an answer without a status: %w", err)
	}
	return code, c.skip()
}

// skip reads the rest of an answer. The server gives every length.
func (c *client) skip() error {
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read an answer's headers: %w", err)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(rest)); err != nil {
				return fmt.Errorf("an answer's length: %w", err)
			}
		}
	}
	_, err := c.in.Discard(length)
	return err
}

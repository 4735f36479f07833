package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/reservoirhq/reservoir/pipeline"
)

// recordJSON is one record as a line of JSON. Text stands under key and value,
// bytes that are no UTF-8 stand in base64 under the other name, so that nothing
// is dropped; Kafka's null is null.
type recordJSON struct {
	Topic       string       `json:"topic"`
	Partition   int32        `json:"partition"`
	Offset      int64        `json:"offset"`
	Time        time.Time    `json:"time"`
	Key         *string      `json:"key"`
	KeyBase64   []byte       `json:"key_base64,omitempty"`
	Headers     []headerJSON `json:"headers"`
	Value       any          `json:"value"`
	ValueBase64 []byte       `json:"value_base64,omitempty"`
}

type headerJSON struct {
	Key         string  `json:"key"`
	Value       *string `json:"value"`
	ValueBase64 []byte  `json:"value_base64,omitempty"`
}

// writeRecordJSON writes a record as one line.
func writeRecordJSON(to io.Writer, r pipeline.Record) error {
	out := recordJSON{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Time: r.Time.UTC(), Headers: make([]headerJSON, len(r.Headers)),
	}
	out.Key, out.KeyBase64 = textOrBytes(r.Key)
	for i, h := range r.Headers {
		out.Headers[i].Key = h.Key
		out.Headers[i].Value, out.Headers[i].ValueBase64 = textOrBytes(h.Value)
	}
	if isCloudJSON(r) {
		out.Value = json.RawMessage(r.Value)
	} else {
		text, raw := textOrBytes(r.Value)
		out.ValueBase64 = raw
		if text != nil {
			out.Value = *text
		}
	}
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

// isCloudJSON tells the records whose value is JSON of ours. Bodies of webhooks
// stay text, to the byte, whatever is in them.
func isCloudJSON(r pipeline.Record) bool {
	return r.Text("ce_specversion") != "" && r.Text("content-type") == "application/json" && json.Valid(r.Value)
}

func textOrBytes(b []byte) (*string, []byte) {
	if b == nil {
		return nil, nil
	}
	if !utf8.Valid(b) {
		return nil, b
	}
	text := string(b)
	return &text, nil
}

// writeRecordText writes a record for people: position, key, headers, value.
func writeRecordText(to io.Writer, r pipeline.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  key %s\n", r.Position(), r.Time.UTC().Format(time.RFC3339), shown(r.Key))
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "  %s: %s\n", line([]byte(h.Key)), shown(h.Value))
	}
	fmt.Fprintf(&b, "%s\n\n", block(r.Value))
	_, err := io.WriteString(to, b.String())
	return err
}

// shown gives bytes on one line.
func shown(b []byte) string {
	if b == nil {
		return "null"
	}
	return line(b)
}

// line quotes what is not plain text: a webhook holds what a stranger sent, and
// a terminal obeys control characters.
func line(b []byte) string {
	if plain(b, "") {
		return string(b)
	}
	return strconv.Quote(string(b))
}

// block gives a value that may have several lines.
func block(b []byte) string {
	switch {
	case b == nil:
		return "null"
	case plain(b, "\n\t"):
		return string(b)
	}
	return strconv.Quote(string(b))
}

func plain(b []byte, but string) bool {
	if !utf8.Valid(b) {
		return false
	}
	return !strings.ContainsFunc(string(b), func(r rune) bool {
		return !unicode.IsPrint(r) && !strings.ContainsRune(but, r)
	})
}

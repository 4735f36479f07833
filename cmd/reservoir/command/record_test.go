package command_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestARecordAsJSONDropsNothing(t *testing.T) {
	cloud := []pipeline.Header{pipeline.Text("ce_specversion", "1.0"), pipeline.Text("content-type", "application/json")}
	tests := []struct {
		name string
		in   pipeline.Record
		want string
	}{
		{"null key and value", pipeline.Record{}, `"key":null,"headers":[],"value":null}`},
		{"empty is not null", pipeline.Record{Key: []byte{}, Value: []byte{}}, `"key":"","headers":[],"value":""}`},
		{"a body stays text, to the byte", pipeline.Record{Value: []byte(`{"a": 1.0 }`)}, `"value":"{\"a\": 1.0 }"}`},
		{"an event is JSON", pipeline.Record{Headers: cloud, Value: []byte(`{"a":9007199254740993}`)}, `"value":{"a":9007199254740993}}`},
		{"an event that is no JSON is text", pipeline.Record{Headers: cloud, Value: []byte(`{"a"`)}, `"value":"{\"a\""}`},
		{"bytes", pipeline.Record{Key: []byte{0xff}, Value: []byte{0xfe, 0}}, `"key":null,"key_base64":"/w==","headers":[],"value":null,"value_base64":"/gA="}`},
		{
			"headers keep order, repeats and bytes",
			pipeline.Record{Headers: []pipeline.Header{pipeline.Text("a", "1"), {Key: "b", Value: []byte{0xff}}, pipeline.Text("a", "2"), {Key: "c"}}},
			`"headers":[{"key":"a","value":"1"},{"key":"b","value":null,"value_base64":"/w=="},{"key":"a","value":"2"},{"key":"c","value":null}]`,
		},
		{"no HTML escapes", pipeline.Record{Value: []byte("<&>")}, `"value":"<&>"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := command.WriteRecordJSON(&out, tt.in); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), tt.want) || strings.Count(out.String(), "\n") != 1 {
				t.Errorf("got %s\nwant %s", out.String(), tt.want)
			}
		})
	}
}

// FuzzARecordAsJSONCanBeReadBack holds that key and value come back to the byte.
func FuzzARecordAsJSONCanBeReadBack(f *testing.F) {
	f.Add([]byte("key"), []byte(`{"a":1}`))
	f.Add([]byte{0xff, 0}, []byte("\u2028\x00<"))
	f.Add([]byte{}, []byte{0xed, 0xa0, 0x80})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		var out strings.Builder
		if err := command.WriteRecordJSON(&out, pipeline.Record{Key: key, Value: value}); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Key, Value  *string
			KeyBase64   *string `json:"key_base64"`
			ValueBase64 *string `json:"value_base64"`
		}
		if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
			t.Fatal(err)
		}
		if back := either(t, got.Key, got.KeyBase64); back != string(key) {
			t.Errorf("key %q came back as %q", key, back)
		}
		if back := either(t, got.Value, got.ValueBase64); back != string(value) {
			t.Errorf("value %q came back as %q", value, back)
		}
	})
}

func either(t *testing.T, text, encoded *string) string {
	t.Helper()
	switch {
	case text != nil:
		return *text
	case encoded == nil:
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(*encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestARecordForPeopleObeysNoControlCharacters(t *testing.T) {
	r := pipeline.Record{
		Topic: "bookings.rejected", Partition: 3, Offset: 9, Time: noon, Key: []byte("a\x1b[2Jb"),
		Headers: []pipeline.Header{pipeline.Text("http_head", "GET / HTTP/1.1\r\nX: \x1b]0;title\x07")}, Value: []byte("\x1b[31mred\xff"),
	}
	var out strings.Builder
	if err := command.WriteRecordText(&out, r); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\r") || !utf8.ValidString(out.String()) {
		t.Errorf("a terminal would obey %q", out.String())
	}
	for _, want := range []string{"bookings.rejected/3/9  2026-06-01T12:00:00Z  key \"a\\x1b[2Jb\"\n", `red\xff`, `\r\nX: `} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestRecordsOfPartitionsAreMergedByTime(t *testing.T) {
	at := func(second int) pipeline.Record {
		return pipeline.Record{Time: noon.Add(time.Duration(second) * time.Second)}
	}
	var got []int
	err := command.MergeByTime([][]pipeline.Record{{at(1), at(5)}, {}, {at(0), at(2), at(3)}}, func(r pipeline.Record) error {
		got = append(got, int(r.Time.Sub(noon).Seconds()))
		return nil
	})
	if err != nil || len(got) != 5 || got[0] != 0 || got[1] != 1 || got[2] != 2 || got[3] != 3 || got[4] != 5 {
		t.Errorf("order %v, %v", got, err)
	}
	stop := errors.New("enough")
	if err := command.MergeByTime([][]pipeline.Record{{at(1)}}, func(pipeline.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error is %v", err)
	}
}

func TestAnAmountIsWrittenWithItsDecimalPoint(t *testing.T) {
	tests := []struct {
		minor    int64
		exponent int
		want     string
	}{
		{37972, 2, "X 379.72"},
		{5, 2, "X 0.05"},
		{-90100, 2, "X -901.00"},
		{-5, 3, "X -0.005"},
		{1500, 0, "X 1500"},
		{0, 2, "X 0.00"},
		{-9223372036854775808, 2, "X -92233720368547758.08"},
	}
	for _, tt := range tests {
		if got := command.Money("X", tt.minor, tt.exponent); got != tt.want {
			t.Errorf("%d with %d digits is %q, want %q", tt.minor, tt.exponent, got, tt.want)
		}
	}
}

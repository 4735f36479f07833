package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The reader takes any bytes without a panic, and shows no secret.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, faults := load("reservoir.yaml", text)
		if file == nil {
			t.Fatal("no file")
		}
		checkPlaces(t, faults.Error())
		// What the fuzzer wrote itself may stand in a key, so look for the
		// secrets that came from elsewhere.
		for _, secret := range file.Secrets() {
			if strings.HasPrefix(secret, marker) && !strings.Contains(string(text), secret) && strings.Contains(faults.Error(), secret) {
				t.Fatalf("a fault shows a secret: %v", faults)
			}
		}
	})
}

func checkPlaces(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, ":0:") || strings.ContainsAny(text, "\x00\x1b\r") {
		t.Fatalf("a fault without a place, or with a control character: %q", text)
	}
}

// Whatever is written where a secret belongs is not shown.
func FuzzSecretIsNotShown(f *testing.F) {
	const value = "s3cr3t-#value"
	for _, around := range [][2]string{
		{"", ""},
		{"{env: ", "}"},
		{"{", "}"},
		{"{file: ", "}"},
		{"{literal: ", "}"},
		{"[", "]"},
		{"!", ""},
		{"&", " x"},
		{"*", ""},
		{"\"", "\""},
		{"\"", ""},
		{"'", ""},
		{"{env: A, ", ": 1}"},
		{"{a: ", ""},
		{"a: ", ": b"},
		{"{? ", "}"},
		{"@", ""},
		{"%", ""},
		{"|", ""},
		{"{'", "': x}"},
	} {
		f.Add(around[0], around[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "\r\n\u0085\u2028\u2029") {
			t.Skip("the value ends with its line")
		}
		text := "sources:\n  tourcms:\n    plugin: tourcms\n    path: /p\n    config:\n      channels: []\n      secret: " +
			before + value + after + "\n"
		_, faults := load("reservoir.yaml", []byte(text))
		if strings.Contains(faults.Error(), value) || strings.Contains(faults.Error(), "s3cr3t") {
			t.Fatalf("shown: %v", faults)
		}
	})
}

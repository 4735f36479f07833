package command_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
)

func TestADoorAnswers503UntilThereIsAHandler(t *testing.T) {
	got := knock(t, nil, &buffer{})
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
	}
}

func TestADefectIs503AndItsWordsAreNotLogged(t *testing.T) {
	var log buffer
	got := knock(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("of Jonas Beispielmann") }), &log)
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
	}
	if text := log.String(); strings.Contains(text, "Jonas") || !strings.Contains(text, "panic=string") {
		t.Errorf("the log says %s", text)
	}
}

func TestAHeadThatIsTooLargeIsRefused(t *testing.T) {
	address, closer, err := command.Open(http.NotFoundHandler(), &buffer{})
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 1<<20)+"\r\n\r\n") // cut off on the way
	}()
	head := make([]byte, 12)
	if _, err := io.ReadFull(conn, head); err != nil || string(head) != "HTTP/1.1 431" {
		t.Errorf("answered %q, %v", head, err)
	}
}

func knock(t *testing.T, handler http.Handler, log io.Writer) *http.Response {
	t.Helper()
	address, closer, err := command.Open(handler, log)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	response, err := client().Get("http://" + address + "/hooks/x")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// A sender that asks and asks and reads no answer must not hold a connection for
// ever (invariant 11).
func TestAConnectionWhoseAnswersNobodyReadsEnds(t *testing.T) {
	address, closer, err := command.OpenImpatient(http.NotFoundHandler(), &buffer{}, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(patience / 6)); err != nil {
		t.Fatal(err)
	}
	ask := strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1000)
	for err == nil {
		_, err = io.WriteString(conn, ask)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the server still holds the connection")
	}
}

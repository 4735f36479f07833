package command_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline"
)

// marked identifies by the last line of the body, or by the query.
type marked struct{ pipeline.Provider }

func (marked) Identify(r pipeline.Request) (pipeline.Identity, error) {
	if len(r.Body) == 0 {
		return pipeline.Identity{Key: "4069/" + r.RawQuery[strings.LastIndex(r.RawQuery, "=")+1:]}, nil
	}
	lines := strings.Split(string(r.Body), "\n")
	if len(lines) != 3 {
		return pipeline.Identity{}, errors.New("no webhook")
	}
	return pipeline.Identity{EventID: lines[1], Key: "app/" + lines[2]}, nil
}

func TestANewWebhookHasIDsOfItsOwnAndIsElseAsRecorded(t *testing.T) {
	id := base64.StdEncoding.EncodeToString([]byte(`{"type":"Event","id":2554857}`))
	body := `{"id":"` + id + `","booking":"bk_42","price":42,"other":"bk_421"}` + "\n2554857\nbk_42"
	recorded := pipeline.Case{Name: "c", Request: pipeline.Request{Body: []byte(body)}}
	made, err := command.Renew(marked{}, recorded, rand.Uint64)
	if err != nil {
		t.Fatal(err)
	}
	if string(recorded.Request.Body) != body {
		t.Error("the recorded webhook is changed")
	}
	lines := bytes.Split(made.Request.Body, []byte("\n"))
	event, booking := string(lines[1]), string(lines[2])
	id = base64.StdEncoding.EncodeToString([]byte(`{"type":"Event","id":` + event + `}`))
	want := `{"id":"` + id + `","booking":"` + booking + `","price":42,"other":"bk_421"}`
	if string(lines[0]) != want || event == "2554857" || booking == "bk_42" || !strings.HasPrefix(booking, "bk_") {
		t.Errorf("got %s of event %s and booking %s\nwant %s", lines[0], event, booking, want)
	}
}

func TestANewWebhookOfAQueryChangesItsBookingAlone(t *testing.T) {
	recorded := pipeline.Case{Request: pipeline.Request{RawQuery: "account_id=4069&channel_id=3930&booking_id=1234"}}
	made, err := command.Renew(marked{}, recorded, rand.Uint64)
	if err != nil {
		t.Fatal(err)
	}
	rest, number, _ := strings.Cut(made.Request.RawQuery, "&booking_id=")
	if rest != "account_id=4069&channel_id=3930" || number == "1234" || len(number) != 9 || number[0] == '0' {
		t.Errorf("query %s", made.Request.RawQuery)
	}
}

func TestAWebhookWithoutABookingIsNotMadeNew(t *testing.T) {
	for name, body := range map[string]string{"not identified": "x", "an id in no word": "\n1\nä"} {
		if _, err := command.Renew(marked{}, pipeline.Case{Request: pipeline.Request{Body: []byte(body)}}, rand.Uint64); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}

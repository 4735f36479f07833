package command

import (
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
)

// renew makes of a recorded webhook one of another event about another
// booking: the ids by which the plugin identifies it get other digits, wherever
// they stand as whole words. Everything else is as recorded.
func renew(p pipeline.Provider, recorded pipeline.Case, random func() uint64) (pipeline.Case, error) {
	known, err := p.Identify(recorded.Request)
	if err != nil {
		return pipeline.Case{}, fmt.Errorf("give the webhook %s another booking: %w", recorded.Name, err)
	}
	r := &recorded.Request
	for _, id := range []string{known.EventID, path.Base(known.Key)} {
		if id == "" {
			continue
		}
		other := otherDigits(id, random)
		r.RawQuery = replaceID(r.RawQuery, id, other)
		r.Body = []byte(replaceID(string(r.Body), id, other))
	}
	if made, err := p.Identify(*r); err != nil || made.Key == known.Key {
		return pipeline.Case{}, fmt.Errorf("the webhook %s cannot be given another booking: its id does not stand in it as a word", recorded.Name)
	}
	return recorded, nil
}

// enoughDigits keep the webhooks of one test apart.
const enoughDigits = 9

// otherDigits keeps the shape of an id, and appends digits where it has few.
func otherDigits(id string, random func() uint64) string {
	digit := func(from uint64) byte { return byte('0' + from + random()%(10-from)) }
	var other strings.Builder
	digits := 0
	for _, c := range []byte(id) {
		if c >= '0' && c <= '9' {
			c = digit(1) // no number gets shorter
			digits++
		}
		other.WriteByte(c)
	}
	for ; digits < enoughDigits; digits++ {
		other.WriteByte(digit(0))
	}
	return other.String()
}

// quoted64 is a text in JSON that may be base64.
var quoted64 = regexp.MustCompile(`"[A-Za-z0-9+/]{8,}={0,2}"`)

// replaceID replaces an id where it stands as a word, also inside of base64.
func replaceID(text, id, other string) string {
	word, err := regexp.Compile(`\b` + regexp.QuoteMeta(id) + `\b`)
	if err != nil {
		return text // not UTF-8: no plugin takes it for an id
	}
	text = word.ReplaceAllLiteralString(text, other)
	return quoted64.ReplaceAllStringFunc(text, func(quoted string) string {
		inside, err := base64.StdEncoding.DecodeString(strings.Trim(quoted, `"`))
		if err != nil || !word.Match(inside) {
			return quoted
		}
		return `"` + base64.StdEncoding.EncodeToString(word.ReplaceAllLiteral(inside, []byte(other))) + `"`
	})
}

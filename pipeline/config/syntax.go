package config

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// refusedTokens are the parts of YAML that a configuration does not need, and
// what to do instead. They are refused before parsing: an alias can make a
// small file large, and a tag or merge key changes what a value means.
var refusedTokens = map[token.Type]string{
	token.AnchorType:     "an anchor (&) is not read; write the value where it is used, or quote a text that starts with &",
	token.AliasType:      "an alias (*) is not read; write the value where it is used, or quote a text that starts with *",
	token.MergeKeyType:   "a merge key (<<) is not read; write the keys where they are used",
	token.TagType:        "a tag (!) is not read; write a plain value, or quote a text that starts with !",
	token.DirectiveType:  "a directive (%) is not read; remove the line, or quote a text that starts with %",
	token.MappingKeyType: "a `?` key is not read; write `key: value`",
}

// refuseTokens reports every refused token, and nesting that is too deep.
func refuseTokens(tokens token.Tokens) Faults {
	b := &builder{}
	depth, dashes, line := 0, 0, 0
	for _, tk := range tokens {
		at := tokenPlace(tk)
		if problem, refused := refusedTokens[tk.Type]; refused {
			b.fault(Unsupported, at, "", problem)
			continue
		}
		if at.line != line {
			line, dashes = at.line, 0
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		}
		if depth > maxDepth || dashes > maxDepth {
			b.fault(Unsupported, at, "", "is nested too deep; a configuration needs no more than 64 levels")
			return b.faults
		}
	}
	return b.faults
}

// quoted are the parts of the library's messages that may show the file.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// syntaxProblem makes the library's message ours. It must not show a part of
// the file: the value in question may be a secret (invariant 10).
func syntaxProblem(message string) string {
	switch {
	case strings.Contains(message, "reserved character"):
		return "a plain text cannot start with this character; put it in quotes"
	case strings.Contains(message, "escape character"):
		return `an escape in a text in double quotes is not known; write \\ for a backslash, or use single quotes`
	case strings.Contains(message, "cannot start any token"):
		return "a tab cannot indent; use spaces"
	case strings.Contains(message, "tag"):
		return refusedTokens[token.TagType]
	case strings.Contains(message, "mapping value is not allowed"):
		return "a value cannot hold a further `key: value` here; check the indentation, or quote a text that holds a colon"
	}
	message = strings.Join(strings.Fields(quoted.ReplaceAllString(message, "")), " ")
	return "this is no YAML: " + message + "; check indentation, colons, brackets and quotes"
}

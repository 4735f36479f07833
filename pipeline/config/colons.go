package config

import (
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// joinColons mends a fault of the library's scanner: within a list in brackets
// inside braces it takes the colon of `kafka-1:9092` for that of a mapping,
// though no blank follows it. A plain text goes on there (YAML 1.2.2, section
// 7.3.3).
func joinColons(tokens token.Tokens) token.Tokens {
	out := make(token.Tokens, 0, len(tokens))
	for i := 0; i < len(tokens); i++ {
		tk := tokens[i]
		for i+2 < len(tokens) && plain(tk) && tokens[i+1].Type == token.MappingValueType && plain(tokens[i+2]) &&
			follows(tk, tokens[i+1]) && follows(tokens[i+1], tokens[i+2]) {
			tk = joined(tk, tokens[i+1], tokens[i+2])
			i += 2
		}
		out = append(out, tk)
	}
	for i, tk := range out {
		tk.Prev, tk.Next = nil, nil
		if i > 0 {
			tk.Prev, out[i-1].Next = out[i-1], tk
		}
	}
	return out
}

func joined(parts ...*token.Token) *token.Token {
	whole := *parts[0]
	whole.Type = token.StringType
	for _, p := range parts[1:] {
		whole.Value += p.Value
		whole.Origin += p.Origin
	}
	return &whole
}

func plain(tk *token.Token) bool {
	switch tk.Type {
	case token.StringType, token.IntegerType, token.FloatType, token.BoolType, token.NullType:
		return true
	}
	return false
}

// follows tells tokens with nothing between them.
func follows(before, after *token.Token) bool {
	return before.Position.Line == after.Position.Line &&
		before.Position.Column+utf8.RuneCountInString(before.Value) == after.Position.Column
}

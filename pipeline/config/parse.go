package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a configuration file (invariant 11). The parser is recursive, and
// Go cannot recover from a stack that is used up.
const (
	maxFile  = 256 << 10 // bytes; the parser's time grows with the square of a mapping's keys
	maxDepth = 64        // brackets open at once, or list dashes on one line
)

// parse reads one YAML document into a tree; nil stands for an empty one. The
// places of faults are set, their file is not.
func parse(text []byte) (*tree, Faults) {
	if len(text) > maxFile {
		return nil, Faults{fileFault(Unsupported, "is larger than 256 KiB; a configuration of hundreds of sources is not, check that it is the right file")}
	}
	tokens, err := tokenize(bytes.TrimPrefix(text, []byte("\ufeff")))
	if err != nil {
		return nil, Faults{syntaxFault(err)}
	}
	if faults := refuseTokens(tokens); len(faults) > 0 {
		return nil, faults
	}
	file, err := parseTokens(joinColons(tokens))
	if err != nil {
		return nil, Faults{syntaxFault(err)}
	}
	return buildDocuments(file)
}

func buildDocuments(file *ast.File) (*tree, Faults) {
	b := &builder{}
	var root *tree
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if root != nil {
			at := placeOf(doc.Body)
			if doc.Start != nil {
				at = tokenPlace(doc.Start)
			}
			b.fault(Unsupported, at, "", "is a second document; a configuration is one document, remove what follows `---`")
			break
		}
		root = b.build(doc.Body, "")
	}
	return root, b.faults
}

// errPanic stands for a defect of the parser: it must not take us with it.
var errPanic = errors.New("this is no YAML that can be read")

func tokenize(text []byte) (tokens token.Tokens, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return lexer.Tokenize(string(text)), nil
}

func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	// Duplicate keys are ours to report, all of them and with their paths.
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// builder turns the library's tree into ours.
type builder struct{ faults Faults }

func (b *builder) fault(kind Kind, at place, path, problem string) {
	b.faults = append(b.faults, &Fault{
		Line: at.line, Column: at.column, Path: path, Problem: problem, Severity: Error, Kind: kind,
	})
}

func (b *builder) build(node ast.Node, path string) *tree {
	t := &tree{start: placeOf(node)}
	switch n := node.(type) {
	case *ast.MappingNode:
		t.kind, t.flow = mapKind, n.IsFlowStyle
		b.mapping(t, n.Values, path)
	case *ast.MappingValueNode:
		t.kind = mapKind
		b.mapping(t, []*ast.MappingValueNode{n}, path)
	case *ast.SequenceNode:
		t.kind, t.flow = listKind, n.IsFlowStyle
		for i, value := range n.Values {
			t.items = append(t.items, b.build(value, indexPath(path, i)))
		}
	case *ast.NullNode:
		t.kind = nullKind
	case *ast.BoolNode:
		t.kind, t.text = boolKind, NewSecret(strconv.FormatBool(n.Value))
	case *ast.IntegerNode:
		t.kind, t.text = numberKind, NewSecret(n.Token.Value)
	case *ast.FloatNode:
		t.kind, t.text = numberKind, NewSecret(n.Token.Value)
	case *ast.StringNode:
		t.kind, t.text = stringKind, NewSecret(n.Value)
		if n.Token.Type == token.StringType && digits.MatchString(n.Value) {
			t.kind = numberKind
		}
	case *ast.LiteralNode:
		t.kind, t.text = stringKind, NewSecret(n.Value.Value)
	default: // infinity, not a number, and what refuseTokens has refused
		b.fault(Unsupported, t.start, path, "is a form of YAML that a configuration does not need; write a plain value")
	}
	return t
}

// digits is a plain value that the library takes for a text because it is too
// large, or because a leading zero makes it octal and it holds an 8 or 9.
var digits = regexp.MustCompile(`^[-+]?[0-9]+$`)

func (b *builder) mapping(t *tree, values []*ast.MappingValueNode, path string) {
	first := make(map[string]place, len(values))
	for _, kv := range values {
		key, ok := b.key(kv, path)
		if !ok {
			continue
		}
		name, at := key.Value, tokenPlace(key)
		if len(t.items) == 0 && !t.flow {
			t.start = at
		}
		own := joinPath(path, keyText(name))
		if before, twice := first[name]; twice {
			b.fault(DuplicateKey, at, own, fmt.Sprintf("is written twice, first on line %d; remove one of them", before.line))
			continue
		}
		first[name] = at
		child := b.build(kv.Value, own)
		child.name, child.key = name, at
		t.items = append(t.items, child)
	}
}

// key gives the token of a key. One without a colon is not named: in
// `{hunter2}` it is a value that lost its key.
func (b *builder) key(kv *ast.MappingValueNode, path string) (*token.Token, bool) {
	at := placeOf(kv)
	if kv.Key == nil || kv.Key.GetToken() == nil {
		b.fault(Unreadable, at, path, "has an entry without a key; write `key: value`")
		return nil, false
	}
	if kv.Start == nil || kv.Start.Type != token.MappingValueType {
		b.fault(Unreadable, at, path, "has an entry without a colon; write `key: value`")
		return nil, false
	}
	return kv.Key.GetToken(), true
}

func placeOf(node ast.Node) place {
	if node == nil {
		return place{1, 1}
	}
	return tokenPlace(node.GetToken())
}

func tokenPlace(tk *token.Token) place {
	if tk == nil || tk.Position == nil {
		return place{1, 1}
	}
	return place{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
}

func syntaxFault(err error) *Fault {
	f := fileFault(Unreadable, errPanic.Error()+"; check indentation, colons and quotes")
	var known yaml.Error
	if errors.As(err, &known) {
		at := tokenPlace(known.GetToken())
		f.Line, f.Column, f.Problem = at.line, at.column, syntaxProblem(known.GetMessage())
	}
	return f
}

func fileFault(kind Kind, problem string) *Fault {
	return &Fault{Line: 1, Column: 1, Problem: problem, Severity: Error, Kind: kind}
}

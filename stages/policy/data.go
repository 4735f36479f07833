package policy

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/open-policy-agent/opa/v1/util"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// dataSchemaFile is where a bundle keeps the JSON Schema of its data.
const dataSchemaFile = "schemas/data.schema.json"

// addData puts a data file's content at the path of its folder. A name that
// two files define, or one file twice, is a fault: the loser would vanish.
func (b *Bundle) addData(name string, content []byte) error {
	// JSON is YAML too, and this reader refuses repeated keys in both.
	text, err := yaml.YAMLToJSON(content)
	if err != nil {
		return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
	}
	var value any
	if err := util.UnmarshalJSON(text, &value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: must hold names and values, not a list or a single value", name)
	}
	into := b.data
	if dir := path.Dir(name); dir != "." {
		for step := range strings.SplitSeq(dir, "/") {
			next, ok := into[step].(map[string]any)
			if !ok && into[step] != nil {
				return fmt.Errorf("%s: %s is already defined by another data file", name, step)
			}
			if !ok {
				next = map[string]any{}
				into[step] = next
			}
			into = next
		}
	}
	return merge(name, into, object)
}

func merge(name string, into, from map[string]any) error {
	for key, value := range from {
		have, found := into[key]
		if !found {
			into[key] = value
			continue
		}
		old, isOld := have.(map[string]any)
		add, isAdd := value.(map[string]any)
		if !isOld || !isAdd {
			return fmt.Errorf("%s: %s is already defined by another data file", name, key)
		}
		if err := merge(name, old, add); err != nil {
			return err
		}
	}
	return nil
}

// checkData checks the data against the bundle's own schema. A misspelt name
// in a tier would otherwise be a window that never holds.
func (b *Bundle) checkData() error {
	if b.schema == nil {
		return nil
	}
	schema, err := compileSchema(dataSchemaFile, b.schema)
	if err != nil {
		return err
	}
	var found *jsonschema.ValidationError
	if err := schema.Validate(any(b.data)); errors.As(err, &found) {
		return errors.Join(schemaFaults(found)...)
	} else if err != nil {
		return fmt.Errorf("%s: %w", dataSchemaFile, err)
	}
	return nil
}

func compileSchema(name string, content []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%s: is not JSON: %w", name, err)
	}
	c := jsonschema.NewCompiler()
	// Nothing is fetched: a reference to another file or host is a fault.
	c.UseLoader(jsonschema.SchemeURLLoader{})
	c.AssertFormat()
	if err = c.AddResource("mem:///"+name, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	schema, err := c.Compile("mem:///" + name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return schema, nil
}

// schemaFaults gives the innermost faults, each with the path of the value.
func schemaFaults(e *jsonschema.ValidationError) []error {
	if len(e.Causes) == 0 {
		what := e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		return []error{fmt.Errorf("data.%s: %s", strings.Join(e.InstanceLocation, "."), what)}
	}
	var faults []error
	for _, cause := range e.Causes {
		faults = append(faults, schemaFaults(cause)...)
	}
	return faults
}

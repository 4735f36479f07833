package config_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

func TestYAMLOfDefaults(t *testing.T) {
	defaults := config.Default()
	golden(t, "testdata/defaults.yaml.golden", string(config.YAML(&defaults)))
	golden(t, "testdata/tourcms.yaml.golden", string(config.YAML(pluginDefaults()["tourcms"])))
	golden(t, "testdata/redbroom.yaml.golden", string(config.YAML(pluginDefaults()["redbroom"])))
}

// What is printed for an operator to begin with can be read back.
func TestYAMLOfDefaultsLoads(t *testing.T) {
	for name, defaults := range pluginDefaults() {
		var indented strings.Builder
		for line := range strings.Lines(string(config.YAML(defaults))) {
			indented.WriteString("      " + line)
		}
		node, f := source(t, "    config:\n"+indented.String())
		if err := node.Decode(pluginDefaults()[name]); err != nil && name != "tourcms" {
			t.Errorf("%s: %v", name, err)
		}
		for _, fault := range f.Faults() {
			if fault.Kind != config.Invalid { // account: 0 is for the operator to fill
				t.Errorf("%s: %v", name, fault)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	got, err := json.MarshalIndent(config.Describe(pluginDefaults()["tourcms"]), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/describe.json.golden", string(got)+"\n")
}

func fileSchema(t *testing.T) (*jsonschema.Schema, []byte) {
	t.Helper()
	text, err := config.SchemaFor(stageDefaults(), pluginDefaults())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema, text
}

func TestSchemaAgreesWithTheReader(t *testing.T) {
	schema, text := fileSchema(t)
	golden(t, "testdata/schema.json.golden", string(text)+"\n")
	for _, tt := range []struct {
		file string
		ok   bool
	}{
		{"ok-architecture", true},
		{"ok-minimal", true},
		{"ok-list-in-flow", true},
		{"secret-unset", true},
		{"secret-literal-allowed", true},
		{"unknown-field", false},
		{"unknown-top-level", false},
		{"unknown-output", false},
		{"wrong-type-text-for-number", false},
		{"wrong-type-number-for-text", false},
		{"wrong-type-text-for-list", false},
		{"bad-duration", false},
		{"duration-without-unit", false},
		{"negative-duration", false},
		{"bad-size", false},
		{"size-decimal-unit", false},
		{"secret-literal", false},
		{"secret-unknown-form", false},
		{"secret-two-forms", false},
		{"missing-plugin-config", false},
		{"missing-plugin-and-path", false},
		{"missing-key-in-list", false},
		{"missing-sections", false},
		{"source-name", false},
		{"stage-with-two-keys", false},
		{"stage-to-without-topic", false},
		{"delivery-unknown", false},
		{"kafka-sasl-mechanism", false},
		{"null-value", false},
	} {
		t.Run(tt.file, func(t *testing.T) {
			var value any
			if err := yaml.Unmarshal(testFile(t, tt.file+".yaml"), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(jsonValue(t, value)); (err == nil) != tt.ok {
				t.Errorf("the schema says %v, want ok: %v", err, tt.ok)
			}
		})
	}
}

// jsonValue turns what a YAML library gives into what a JSON one does.
func jsonValue(t *testing.T, value any) any {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSchemaOfOneStruct(t *testing.T) {
	text, err := config.Schema(pluginDefaults()["redbroom"])
	if err != nil || !json.Valid(text) || !strings.Contains(string(text), `"signing_secrets"`) {
		t.Errorf("%s, %v", text, err)
	}
}

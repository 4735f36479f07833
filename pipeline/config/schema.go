package config

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// schema is a JSON Schema.
type schema map[string]any

// SchemaFor gives the JSON Schema (draft 2020-12) of a whole file, for editors
// and for programs that write configurations. Stages and plugins map names to
// configurations that hold their defaults, as pipeline.Spec.Defaults gives.
func SchemaFor(stages, plugins map[string]any) ([]byte, error) {
	defs := schema{"duration": durationSchema(), "size": sizeSchema(), "secret": secretSchema()}
	for name, defaults := range stages {
		defs["stage."+name] = structSchema(settled(reflect.ValueOf(defaults)))
	}
	for name, defaults := range plugins {
		defs["plugin."+name] = structSchema(settled(reflect.ValueOf(defaults)))
	}
	root := structSchema(reflect.ValueOf(Default()))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Reservoir configuration"
	root["$defs"] = defs
	entrySchema(root, "sources")["allOf"] = choosePlugin(plugins)
	property(entrySchema(root, "sources"), "plugin")["enum"] = names(plugins)
	stageList := property(entrySchema(root, "pipelines"), "stages")
	stageList["items"], stageList["minItems"] = stageSchema(stages), 1
	return json.MarshalIndent(root, "", "  ")
}

// Schema gives the JSON Schema (draft 2020-12) of one configuration struct, or
// a pointer to one, that holds its defaults.
func Schema(defaults any) ([]byte, error) {
	root := structSchema(settled(reflect.ValueOf(defaults)))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$defs"] = schema{"duration": durationSchema(), "size": sizeSchema(), "secret": secretSchema()}
	return json.MarshalIndent(root, "", "  ")
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func property(s schema, name string) schema {
	return s["properties"].(schema)[name].(schema) //nolint:forcetypeassert // our own schemas of our own types
}

// entrySchema gives the schema of each entry of a mapping of names.
func entrySchema(root schema, name string) schema {
	return property(root, name)["additionalProperties"].(schema) //nolint:forcetypeassert // as above
}

// choosePlugin ties the configuration of a source to its plugin.
func choosePlugin(plugins map[string]any) []schema {
	out := make([]schema, 0, len(plugins))
	for _, name := range names(plugins) {
		then := schema{"properties": schema{"config": schema{"$ref": "#/$defs/plugin." + name}}}
		if needsConfig(plugins[name]) {
			then["required"] = []string{"config"}
		}
		is := schema{"properties": schema{"plugin": schema{"const": name}}, "required": []string{"plugin"}}
		out = append(out, schema{"if": is, "then": then})
	}
	return out
}

func needsConfig(defaults any) bool {
	v := settled(reflect.ValueOf(defaults))
	return v.Kind() == reflect.Struct && slices.ContainsFunc(fieldsOf(v.Type()), func(f field) bool { return f.required })
}

// stageSchema is one item of a pipeline's stages.
func stageSchema(stages map[string]any) schema {
	topic := schema{"type": "string", "description": "The Kafka topic that the chain goes through; may hold {source}."}
	properties := schema{"to": topic}
	for name := range stages {
		properties[name] = schema{"oneOf": []schema{{"$ref": "#/$defs/stage." + name}, {"type": "null"}}}
	}
	return schema{"oneOf": []schema{
		{"enum": names(stages)},
		{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1},
	}}
}

func structSchema(v reflect.Value) schema {
	properties, required := schema{}, []string{}
	for _, f := range fieldsOf(v.Type()) {
		if !f.written() {
			continue
		}
		properties[f.name] = fieldSchema(f, v.FieldByIndex(f.index))
		if f.required {
			required = append(required, f.name)
		}
	}
	out := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func fieldSchema(f field, v reflect.Value) schema {
	out := valueSchema(v)
	if f.keyed {
		entry := structSchema(fresh(v.Type().Elem()))
		out = schema{"type": "object", "additionalProperties": entry, "propertyNames": schema{"pattern": entryName.String()}, "minProperties": 1}
	}
	if f.doc != "" {
		out["description"] = f.doc
	}
	if len(f.enum) > 0 {
		out["enum"] = f.enum
	}
	if value, ok := defaultOf(v); ok && !f.required {
		out["default"] = value
	}
	return out
}

package config

import (
	"encoding"
	"reflect"
)

func durationSchema() schema {
	return schema{
		"description": "A length of time: 15d, 1h30m, 10s, 250ms.",
		"oneOf": []schema{
			{"type": "string", "pattern": `^(0|([0-9]+(d|h|m|s|ms|us|ns))+)$`},
			{"const": 0},
		},
	}
}

func sizeSchema() schema {
	return schema{
		"description": "A number of bytes: 1MiB, 256KiB, 512.",
		"oneOf": []schema{
			{"type": "string", "pattern": `^[0-9]+(B|KiB|MiB|GiB)?$`},
			{"type": "integer", "minimum": 0},
		},
	}
}

func secretSchema() schema {
	form := func(key, doc string) schema {
		value := schema{"type": "string", "minLength": 1, "description": doc}
		return schema{"type": "object", "properties": schema{key: value}, "required": []string{key}, "additionalProperties": false}
	}
	return schema{
		"description": "A secret: {env: NAME} or {file: PATH}.",
		"oneOf": []schema{
			form("env", "The environment variable that holds it."),
			form("file", "The file that holds it, relative to the configuration's folder; one newline at its end is cut off."),
			form("literal", "The secret itself. Everybody who reads the file finds it: check warns."),
		},
	}
}

// valueSchema gives the schema of a type; v holds the defaults of what is inside.
func valueSchema(v reflect.Value) schema {
	switch v.Type() {
	case durationType:
		return schema{"$ref": "#/$defs/duration"}
	case sizeType:
		return schema{"$ref": "#/$defs/size"}
	case secretType:
		return schema{"$ref": "#/$defs/secret"}
	case nodeType, stageType:
		return schema{}
	}
	if reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return schema{"type": "string"}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return valueSchema(settled(v))
	case reflect.Struct:
		return structSchema(v)
	case reflect.Slice:
		return schema{"type": "array", "items": valueSchema(fresh(v.Type().Elem()))}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": valueSchema(fresh(v.Type().Elem()))}
	}
	return scalarSchema(v.Kind())
}

func scalarSchema(k reflect.Kind) schema {
	switch k {
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	}
	return schema{"type": "string"}
}

// defaultOf gives a default as JSON shows it. Empty texts and secrets have none.
func defaultOf(v reflect.Value) (any, bool) {
	text, ok := scalarText(v)
	if !ok || (v.Kind() == reflect.String && text == "") {
		return nil, false
	}
	if _, marshals := v.Interface().(encoding.TextMarshaler); marshals {
		return text, true
	}
	return v.Interface(), true
}

package plugintest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// mapSecrets gives a deep copy of cfg in which every secret went through fn,
// wherever it stands: in fields, slices, maps and behind pointers.
func mapSecrets(cfg any, fn func(n int, s config.Secret) config.Secret) any {
	n := -1
	return mapValue(reflect.ValueOf(cfg), func(s config.Secret) config.Secret {
		n++
		return fn(n, s)
	}).Interface()
}

func mapValue(v reflect.Value, fn func(config.Secret) config.Secret) reflect.Value {
	if s, ok := v.Interface().(config.Secret); ok {
		return reflect.ValueOf(fn(s))
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(mapValue(v.Field(i), fn))
			}
		}
	case reflect.Slice:
		out = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(mapValue(v.Index(i), fn))
		}
	case reflect.Map:
		mapMap(v, out, fn)
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(mapValue(v.Elem(), fn))
		}
	}
	return out
}

// mapMap goes through a map by its sorted keys: the number of a secret is then
// the same on every walk.
func mapMap(v, out reflect.Value, fn func(config.Secret) config.Secret) {
	if v.IsNil() {
		return
	}
	out.Set(reflect.MakeMap(v.Type()))
	for _, key := range sortedKeys(v) {
		out.SetMapIndex(key, mapValue(v.MapIndex(key), fn))
	}
}

// secretsOf gives every secret of cfg, in the order of mapSecrets.
func secretsOf(cfg any) []string {
	var all []string
	mapSecrets(cfg, func(_ int, s config.Secret) config.Secret {
		all = append(all, s.Reveal())
		return s
	})
	return all
}

// otherSecrets gives cfg with every secret another one of the same length.
func otherSecrets(cfg any) any {
	return mapSecrets(cfg, func(_ int, s config.Secret) config.Secret {
		return config.NewSecret(strings.Map(rotate, s.Reveal()))
	})
}

// rotate keeps letters letters and digits digits, so that a secret with a
// form of its own keeps it.
func rotate(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+1)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+1)%26
	case r >= '0' && r <= '9':
		return '0' + (r-'0'+1)%10
	}
	return r
}

// testEmptySecrets empties one secret after the other (invariant 9).
func (s *suite) testEmptySecrets(t *testing.T) {
	secrets := secretsOf(s.cfg)
	if len(secrets) == 0 {
		t.Fatal("the configuration holds no secret: a source that proves nothing is open to everybody")
	}
	for i, text := range secrets {
		if text == "" {
			t.Fatalf("secret %d of the configuration given to Run is empty", i)
		}
		err := validate(mapSecrets(s.cfg, func(n int, v config.Secret) config.Secret {
			if n == i {
				return config.Secret{}
			}
			return v
		}))
		var fault *config.Fault
		if !errors.As(err, &fault) {
			t.Errorf("Validate gives %v with secret %d empty, want a config.Fault", err, i)
			continue
		}
		if fault.Path == "" {
			t.Errorf("the fault %q names no path", fault.Problem)
		}
		s.noSecret(t, "the fault of an empty secret", err.Error())
	}
	if err := validate(reflect.ValueOf(s.spec.Defaults()).Elem().Interface()); err == nil {
		t.Error("Validate accepts the defaults, which hold no secret")
	}
}

// noSecret fails where text holds a secret of the configuration.
func (s *suite) noSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range s.secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds a secret (invariant 10)", what)
		}
	}
}

// Package config reads reservoir.yaml into typed values: strictly, with every
// fault at once, each with file, line, column and key path.
//
// Its place in the flow: `run`, `check` and every command that takes -c call
// Loader.Read, which gives a File whose stages and plugins still carry their
// configuration as a Node. The engine knows the lists of stages and plugins; it
// hands Node.Decode to pipeline.Spec.Bind, so that the owner's type is filled
// on top of its defaults and checks itself. Whatever anybody finds ends up in
// File.Faults, sorted by position.
//
// # A configuration type
//
// A struct; its fields are tagged with the name that operators write, and with
// a line of documentation:
//
//	type Config struct {
//		Secret   config.Secret   `yaml:"secret,required" doc:"The shared secret of the sender."`
//		Attempts int             `yaml:"attempts" doc:"Tries of one look-up; 1 means no retry."`
//		Timeout  config.Duration `yaml:"timeout" doc:"Bound of one try."`
//		Mode     string          `yaml:"mode" enum:"fast,safe"`
//	}
//
// `required` makes a missing key a fault, `enum` lists the words a text may be,
// `yaml:"-"` leaves a field out. Fields may be texts, numbers, booleans,
// Duration, Size, Secret, Path, structs, pointers, slices and maps with text
// keys. Items of lists and maps, and structs behind nil pointers, get their
// defaults from Defaulter. What is written replaces the default: lists and maps are not merged,
// the fields of a struct are.
//
// A type that implements Validator says of itself what else is wrong, by At.
// An empty secret is reported at the secret's own path; where the secret is
// written but its variable is unset, that report is dropped in favour of the
// warning `unset_secret`, so that `check` can be run where secrets are not.
//
// # What of YAML is read
//
// One document of at most 256 KiB; mappings, lists and plain values. Refused are
// anchors, aliases, merge keys, tags, directives, `?` keys and further
// documents: a configuration that is read by people at night says each thing
// where it is used. Duplicate keys are refused. An integer is decimal; a text
// that looks like a number or a boolean needs quotes; a key without a value is
// a fault, as `tls:` with everything below it commented out must not mean
// "no TLS".
//
// A fault never shows a line of the file nor a value (invariant 10): it says
// where to look.
package config

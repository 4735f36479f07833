package config

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
)

const secretForms = "{env: NAME} or {file: PATH}"

// maxSecret bounds a secret's file: a wrong path must not be read into memory.
const maxSecret = 64 << 10

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,254}$`)

// secret resolves a secret. No fault of it shows a value or a key of the node:
// either may be the secret itself, written in the wrong place (invariant 10).
func (d *decoder) secret(n Node) Secret {
	if n.tree.kind != mapKind {
		d.fault(n, WrongType, "is a secret that stands in the file; write "+secretForms+" and keep the value there")
		return Secret{}
	}
	if len(n.tree.items) != 1 {
		d.fault(n, WrongType, "is a secret with other than one key; write "+secretForms)
		return Secret{}
	}
	form := n.tree.items[0]
	if form.kind != stringKind {
		d.fault(n, WrongType, "is a secret whose key does not hold a text; write "+secretForms+", in quotes if it looks like a number")
		return Secret{}
	}
	switch form.name {
	case "env":
		return d.secretEnv(n, form.text.Reveal())
	case "file":
		return d.secretFile(n, form.text.Reveal())
	case "literal":
		return d.secretLiteral(n, form.text.Reveal())
	}
	d.fault(n, Invalid, "is a secret of a form that is not known; write "+secretForms)
	return Secret{}
}

func (d *decoder) secretEnv(n Node, name string) Secret {
	if !envName.MatchString(name) {
		d.fault(n, Invalid, "is not the name of an environment variable; write {env: NAME}, letters, digits and underscores")
		return Secret{}
	}
	value := ""
	if d.doc != nil && d.doc.env != nil {
		value, _ = d.doc.env(name)
	}
	if value == "" {
		d.warn(n, UnsetSecret, "the environment variable "+name+" is unset or empty; set it before `run`")
		return Secret{}
	}
	return d.keep(value)
}

func (d *decoder) secretFile(n Node, path string) Secret {
	if path == "" || d.doc == nil || d.doc.read == nil {
		d.fault(n, Invalid, "names no file; write {file: PATH}")
		return Secret{}
	}
	text, err := d.doc.read(d.doc.locate(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.warn(n, UnsetSecret, "the secret's file does not exist; make it before `run` (a relative path begins at the configuration's folder)")
		return Secret{}
	case err != nil:
		d.warn(n, UnsetSecret, "the secret's file cannot be read; check its permissions, and that it is a file")
		return Secret{}
	case len(text) > maxSecret:
		d.fault(n, Invalid, "the secret's file is larger than 64 KiB; check the path")
		return Secret{}
	}
	value := string(text)
	if line, cut := strings.CutSuffix(value, "\n"); cut {
		value = strings.TrimSuffix(line, "\r")
	}
	if value == "" {
		d.warn(n, UnsetSecret, "the secret's file is empty; fill it before `run`")
		return Secret{}
	}
	return d.keep(value)
}

func (d *decoder) secretLiteral(n Node, value string) Secret {
	if value == "" {
		d.warn(n, UnsetSecret, "the secret is empty; write "+secretForms)
		return Secret{}
	}
	d.warn(n, LiteralSecret, "the secret stands in the file, where everybody who reads it finds it; write "+secretForms)
	return d.keep(value)
}

func (d *decoder) keep(value string) Secret {
	if d.doc != nil {
		d.doc.remember(value)
	}
	return NewSecret(value)
}

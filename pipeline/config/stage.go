package config

// stage reads one item of a pipeline's stages: `verify`, `enrich: {...}` or
// `to: TOPIC`.
func (d *decoder) stage(n Node, out *Stage) {
	out.Node = n
	switch {
	case n.tree.kind == stringKind:
		out.Name = n.tree.text.Reveal()
		out.Config = Node{doc: n.doc, at: n.at, path: joinPath(n.path, keyText(out.Name))}
		d.stageName(n, out)
		return
	case n.tree.kind != mapKind:
		d.wrongType(n, "a stage's name, `name: {its configuration}` or `to: TOPIC`")
		return
	case len(n.tree.items) != 1:
		d.fault(n, WrongType, "is a stage of other than one key; begin each stage with a dash of its own, and indent its configuration below it")
		return
	}
	only := n.tree.items[0]
	child := n.child(only.name)
	if only.name != "to" {
		out.Name, out.Config = only.name, child
		return
	}
	if only.kind != stringKind {
		d.fault(child, WrongType, "is the name of a topic; write `to: TOPIC`")
		return
	}
	out.To = only.text.Reveal()
	if out.To == "" {
		d.fault(child, Invalid, "is empty; write `to: TOPIC`")
	}
}

func (d *decoder) stageName(n Node, out *Stage) {
	switch out.Name {
	case "":
		d.fault(n, Invalid, "is empty; write a stage's name")
	case "to":
		d.fault(n, Missing, "names no topic; write `to: TOPIC`")
		out.Name = ""
	}
}

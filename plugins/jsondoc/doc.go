// Package jsondoc reads the JSON body of a webhook strictly into a tree, for
// plugins whose provider sends JSON.
//
// Strictly, because a body that two readers understand differently is no
// evidence: names that stand twice in an object, text that is not UTF-8, and
// anything after the document are refused (I-JSON, RFC 7493). Into a tree,
// because one member of an unexpected type must not cost a booking: the plugin
// asks for each member by its exact name and says in Quality what was not there.
//
// A document takes three pieces of memory, however many values it has: a copy of
// the text, the list of its values, which know where in the text they stand, and
// what holds both. Who needs no more than an id asks Pick for it: the whole text
// is checked all the same, and nothing else is kept.
//
// Numbers are kept as their decimal text; no float is ever made of them.
package jsondoc

// Package jsontext appends JSON to a slice, member by member, for the few values
// that are written for every event: by reflection they would cost five times as
// much. The bytes are those of encoding/json without HTML escapes.
//
// Each function appends one member: its name, which is given as it stands in
// the text with the comma or brace before it, and its value:
//
//	dst = jsontext.Text(dst, `{"id":`, e.ID)
//	dst = jsontext.MaybeInt(dst, `,"nights":`, e.Nights)
//	dst = append(dst, '}')
package jsontext

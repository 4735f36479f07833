package booking

// ByHand tells whether the hand-made readers read the whole of a value, without
// the help of encoding/json.
func ByHand(value []byte) (public, internal bool) {
	var e Event
	r := reader{text: string(value)}
	r.readEvent(&e)
	public = r.done()
	r = reader{text: string(value)}
	r.readEnvelope(&e)
	return public, r.done()
}

package main

import "testing"

func TestProgressKnowsWhatWasDoneAtTheHalf(t *testing.T) {
	var p progress
	for _, done := range []int{0, 10, 70, 90} {
		if p.note(done, 100) {
			t.Errorf("%d of 100 are said to be all", done)
		}
	}
	if p.atHalf != 70 || p.done != 90 || p.first.IsZero() || p.half.Before(p.first) {
		t.Errorf("%+v", p)
	}
	if !p.note(100, 100) || p.atHalf != 70 {
		t.Errorf("the last is not told: %+v", p)
	}
}

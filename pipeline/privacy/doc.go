// Package privacy makes the tokens that stand for people in the events: keyed,
// so that nobody without the key can tell or guess whom they mean, and equal
// for equal people, so that analysts can still count and join (invariant 10).
package privacy

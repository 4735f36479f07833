// Package enrich asks the provider's API about bookings whose webhook is only a
// hint. It bounds how many look-ups run at once, how long one may take and how
// many an hour may see; a host that is down for everybody makes its source wait,
// a look-up that fails alone spends its attempts. Every answer is recorded
// before anything is made of it (invariant 7).
package enrich

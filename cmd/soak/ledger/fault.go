package ledger

import "fmt"

// Rule is one of the promises.
type Rule string

// The rules; doc.go says what each means.
const (
	Acknowledged Rule = "acknowledged"
	Conserved    Rule = "conserved"
	Passed       Rule = "passed"
	Ordered      Rule = "ordered"
	Copies       Rule = "copies"
	Decided      Rule = "decided"
	State        Rule = "state"
)

// Fault is one thing that breaks a rule.
type Fault struct {
	Rule Rule
	What string
}

func (f Fault) String() string { return string(f.Rule) + ": " + f.What }

// faults collects them. Of one rule the first tell enough: what is systematic
// would fill the memory.
type faults struct {
	all    []Fault
	counts map[Rule]int
}

const perRule = 50

func (f *faults) add(rule Rule, format string, args ...any) {
	if f.counts == nil {
		f.counts = map[Rule]int{}
	}
	f.counts[rule]++
	switch n := f.counts[rule]; {
	case n <= perRule:
		f.all = append(f.all, Fault{rule, fmt.Sprintf(format, args...)})
	case n == perRule+1:
		f.all = append(f.all, Fault{rule, "and more of these"})
	}
}

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// ratios prints each case's medians as parts of those of the cases beside it,
// which ran in turn with it: only such figures mean something on another
// machine. Below 1 is slower, of CPU time cheaper, of delay shorter.
func ratios(to io.Writer, cases []benchCase, results []result) error {
	medians := map[string]result{}
	for _, r := range results {
		medians[r.Name] = medianOf(results, r.Name)
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	rows := 0
	for _, c := range cases {
		own, ran := medians[c.Name]
		for _, other := range c.Against {
			its, there := medians[other]
			if !ran || !there {
				continue
			}
			if rows++; rows == 1 {
				fmt.Fprintln(w, "\nname\tagainst\trate\tcpu\tp50\tp99\trss\t")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", c.Name, other, part(own.Rate, its.Rate), part(own.CPU, its.CPU),
				part(own.P50, its.P50), part(own.P99, its.P99), part(own.RSS, its.RSS))
		}
	}
	return w.Flush()
}

// part gives a/b, or a dash where one of them was not measured.
func part(a, b float64) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a/b)
}

func medianOf(results []result, name string) result {
	var runs []result
	for _, r := range results {
		if r.Name == name {
			runs = append(runs, r)
		}
	}
	median := func(of func(result) float64) float64 { all := sorted(runs, of); return all[len(all)/2] }
	return result{
		Rate: median(func(r result) float64 { return r.Rate }), CPU: median(func(r result) float64 { return r.CPU }),
		P50: median(func(r result) float64 { return r.P50 }), P99: median(func(r result) float64 { return r.P99 }),
		RSS: median(func(r result) float64 { return r.RSS }),
	}
}

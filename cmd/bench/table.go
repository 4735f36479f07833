package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// table prints one row for each name, in the order of their first results: the
// rates' minimum, median and maximum, the medians of the rest and a note.
func table(to io.Writer, results []result) error {
	rows := map[string][]result{}
	var names []string
	for _, r := range results {
		if rows[r.Name] == nil {
			names = append(names, r.Name)
		}
		rows[r.Name] = append(rows[r.Name], r)
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "name\truns\tmin/s\tmedian/s\tmax/s\tcpu us\tbroker us\trss MB\tp50 ms\tp99 ms\tallocs\talloc KB\tothers\t note\t")
	for _, name := range names {
		runs := rows[name]
		rates := sorted(runs, func(r result) float64 { return r.Rate })
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f\t%.0f", name, len(runs), rates[0], rates[len(rates)/2], rates[len(rates)-1])
		for _, c := range columns() {
			of := sorted(runs, c.value)
			fmt.Fprintf(w, "\t%.*f", c.digits, of[len(of)/2])
		}
		fmt.Fprintf(w, "\t %s\t\n", note(runs))
	}
	return w.Flush()
}

// note gives the last note, but first of all that of a run that went wrong: its
// figures are in the row too.
func note(runs []result) string {
	for _, r := range runs {
		if strings.Contains(r.Note, wrongMark) {
			return r.Note
		}
	}
	return runs[len(runs)-1].Note
}

type column struct {
	digits int
	value  func(result) float64
}

// columns are those behind the rates.
func columns() []column {
	return []column{
		{1, func(r result) float64 { return r.CPU }},
		{1, func(r result) float64 { return r.Broker }},
		{0, func(r result) float64 { return r.RSS }},
		{1, func(r result) float64 { return r.P50 }},
		{1, func(r result) float64 { return r.P99 }},
		{0, func(r result) float64 { return r.Allocs }},
		{1, func(r result) float64 { return r.AllocKB }},
		{2, func(r result) float64 { return r.Others }},
	}
}

func sorted(runs []result, value func(result) float64) []float64 {
	all := make([]float64, len(runs))
	for i, r := range runs {
		all[i] = value(r)
	}
	slices.Sort(all)
	return all
}

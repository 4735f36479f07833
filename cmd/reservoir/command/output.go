package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// format is how a list is printed.
type format string

const (
	forPeople format = "text"
	asJSON    format = "json"
)

// outputFlag adds -o.
func outputFlag(cmd *cobra.Command, f *format) {
	*f = forPeople
	cmd.Flags().VarP(f, "output", "o", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)) // fails for unknown flags only
}

// String, Set and Type make format a flag.
func (f *format) String() string { return string(*f) }

// Set reads the flag's value.
func (f *format) Set(text string) error {
	switch format(text) {
	case forPeople, asJSON:
		*f = format(text)
		return nil
	}
	return fmt.Errorf("is not text or json")
}

// Type is shown in the help.
func (f *format) Type() string { return "FORMAT" }

// printJSON writes a value as indented JSON.
func printJSON(to io.Writer, value any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// printTable writes rows in columns, the first row being their names.
func printTable(to io.Writer, rows [][]string) error {
	w := tabwriter.NewWriter(to, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

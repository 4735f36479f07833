package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

const tailLong = `Prints the records of a topic, with key, headers and value: those that are there,
by their time across partitions, and then those that come, until it is
interrupted. With --follow=false it ends at the last record there is.

With -o json each record is one line. The value of a CloudEvents record is JSON
there; any other value is text, to the byte, or value_base64 where it is no
UTF-8; null is Kafka's null.

The brokers are those of the configuration. The embedded broker is reached while
` + "`reservoir run`" + ` runs.`

const tailExample = `  reservoir tail bookings.events
  reservoir tail bookings.decisions -o json | jq .value.decision
  reservoir tail bookings.dead --from newest
  reservoir tail bookings.events -n 10
  reservoir tail bookings.events --follow=false -o json > events.jsonl`

// tailFlags say which records are wanted.
type tailFlags struct {
	path   string
	output format
	from   string
	limit  int
	follow bool
}

// tailCommand prints records.
func (a *app) tailCommand() *cobra.Command {
	var f tailFlags
	cmd := &cobra.Command{
		Use: "tail TOPIC", Short: "Print the records of a topic, and those that come",
		Long: tailLong, Example: tailExample, Args: args(cobra.ExactArgs(1)),
		ValidArgsFunction: func(_ *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return a.topicNames(f.path, given), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := f.check(); err != nil {
				return usage(cmd, err)
			}
			return a.tail(cmd.Context(), given[0], f)
		},
	}
	configFlag(cmd, &f.path)
	outputFlag(cmd, &f.output)
	cmd.Flags().StringVar(&f.from, "from", "oldest", "oldest, or newest: only what comes from now on")
	cmd.Flags().IntVarP(&f.limit, "count", "n", 0, "end after so many records; 0 is no limit")
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", true, "go on with the records that come; --follow=false ends at the last")
	return cmd
}

func (f tailFlags) check() error {
	if f.from != "oldest" && f.from != "newest" {
		return fmt.Errorf("--from %q is not oldest or newest", f.from)
	}
	if f.from == "newest" && !f.follow {
		return errors.New("--from newest prints what comes, and --follow=false nothing of that; leave one out")
	}
	if f.limit < 0 {
		return fmt.Errorf("-n %d is less than 0", f.limit)
	}
	return nil
}

func (a *app) topicNames(path string, given []string) []cobra.Completion {
	plan, faults := a.plan(path)
	if faults.Err() != nil || len(given) > 0 {
		return nil
	}
	var names []cobra.Completion
	for _, t := range plan.Topics() {
		names = append(names, cobra.CompletionWithDesc(t.Topic, t.For))
	}
	return names
}

// errEnough ends a tail that has printed what was asked for.
var errEnough = errors.New("enough")

func (a *app) tail(ctx context.Context, topic string, f tailFlags) error {
	plan, err := a.usable(f.path)
	if err != nil {
		return err
	}
	admin, err := connect(ctx, plan.File.Kafka)
	if err != nil {
		return err
	}
	defer admin.Close() //nolint:errcheck // it only read
	printed := 0
	err = read(ctx, admin, topic, f, func(r pipeline.Record) error {
		if broken := a.printRecord(r, f.output); broken != nil {
			return broken
		}
		if printed++; printed == f.limit {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough), ctx.Err() != nil:
		return nil
	case errors.Is(err, kafka.ErrNoTopic):
		return fmt.Errorf("there is no topic %s; `reservoir topics` lists those of a configuration, they are made when it runs", topic)
	}
	return err
}

func read(ctx context.Context, admin *kafka.Admin, topic string, f tailFlags, fn func(pipeline.Record) error) error {
	if f.from == "newest" {
		if _, err := admin.Partitions(ctx, topic); err != nil {
			return err
		}
		return admin.Tail(ctx, topic, kafka.Newest, fn)
	}
	next := map[int32]int64{}
	err := readByTime(ctx, admin, topic, func(r pipeline.Record) error {
		next[r.Partition] = r.Offset + 1
		return fn(r)
	})
	if err != nil || !f.follow {
		return err
	}
	return admin.TailFrom(ctx, topic, next, fn)
}

func (a *app) printRecord(r pipeline.Record, output format) error {
	if output == asJSON {
		return writeRecordJSON(a.Stdout, r)
	}
	return writeRecordText(a.Stdout, r)
}

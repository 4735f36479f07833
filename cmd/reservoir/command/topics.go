package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

const topicsLong = `Lists the topics that a configuration reads and writes, in the order in which a
webhook meets them, with what their keys and values are. With --counts it asks
the brokers how many partitions and records each has, reckoned from the offsets:
the marks of transactions count, and what was compacted. On the embedded broker
` + "`reservoir run`" + ` must be running for that.`

const topicsExample = `  reservoir topics
  reservoir topics --counts
  reservoir topics -o json | jq -r '.[].topic'`

// topicLine is one topic, as it is listed.
type topicLine struct {
	engine.TopicInfo
	*topicCounts
}

type topicCounts struct {
	Partitions int32 `json:"partitions"` // 0: not made yet
	Records    int64 `json:"records"`    // that are kept; compaction and transactions make it a bound
}

// topicsCommand lists the topics of a configuration.
func (a *app) topicsCommand() *cobra.Command {
	var path string
	var counts bool
	var output format
	cmd := &cobra.Command{
		Use: "topics", Short: "List the topics of a configuration, with their keys and formats",
		Long: topicsLong, Example: topicsExample, Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := a.usable(path)
			if err != nil {
				return err
			}
			lines := linesOf(plan.Topics())
			if counts {
				if err := countRecords(cmd.Context(), plan.File.Kafka, lines); err != nil {
					return err
				}
			}
			if output == asJSON {
				return printJSON(a.Stdout, lines)
			}
			return printTable(a.Stdout, topicRows(lines))
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&counts, "counts", false, "ask the brokers for partitions and records")
	outputFlag(cmd, &output)
	return cmd
}

func linesOf(topics []engine.TopicInfo) []topicLine {
	lines := make([]topicLine, len(topics))
	for i, t := range topics {
		lines[i].TopicInfo = t
	}
	return lines
}

// countRecords asks the brokers about every topic.
func countRecords(ctx context.Context, cfg config.Kafka, lines []topicLine) error {
	admin, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer admin.Close() //nolint:errcheck // it only asked
	for i := range lines {
		if lines[i].topicCounts, err = countTopic(ctx, admin, lines[i].Topic); err != nil {
			return err
		}
	}
	return nil
}

func countTopic(ctx context.Context, admin *kafka.Admin, topic string) (*topicCounts, error) {
	ends, err := admin.Ends(ctx, topic)
	if errors.Is(err, kafka.ErrNoTopic) {
		return &topicCounts{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("count the records of %s: %w", topic, err)
	}
	starts, err := admin.Starts(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("count the records of %s: %w", topic, err)
	}
	counts := &topicCounts{Partitions: int32(len(ends))}
	for p, end := range ends {
		counts.Records += end - starts[p]
	}
	return counts, nil
}

func topicRows(lines []topicLine) [][]string {
	rows := [][]string{{"TOPIC", "KEY", "VALUE", "FOR"}}
	for _, l := range lines {
		row := []string{l.Topic, l.Key, l.Value, l.For}
		if l.topicCounts != nil {
			rows[0] = []string{"TOPIC", "PARTITIONS", "RECORDS", "KEY", "VALUE", "FOR"}
			row = []string{l.Topic, strconv.Itoa(int(l.Partitions)), strconv.FormatInt(l.Records, 10), l.Key, l.Value, l.For}
		}
		rows = append(rows, row)
	}
	return rows
}

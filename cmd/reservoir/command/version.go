package command

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what `version` tells.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"` // with `+changes` where files differed from it
	Go       string `json:"go"`
	OPA      string `json:"opa"`
	Sarama   string `json:"sarama"`
	Platform string `json:"platform"`
}

// versionCommand tells what was built from what.
func (a *app) versionCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use: "version", Short: "Tell the version, and those of what decides and what speaks Kafka",
		Long: "Tells the version and commit of this program, and the versions of Go, of OPA, which\nevaluates policies, and of sarama, which speaks Kafka.",
		Example: `  reservoir version
  reservoir version -o json | jq -r .commit`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			v := versionOf(a.Build)
			if output == asJSON {
				return printJSON(a.Stdout, v)
			}
			return printTable(a.Stdout, [][]string{
				{"reservoir", v.Version},
				{"commit", v.Commit},
				{"go", v.Go},
				{"opa", v.OPA},
				{"sarama", v.Sarama},
				{"platform", v.Platform},
			})
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

const unknown = "unknown"

func versionOf(build *debug.BuildInfo) version {
	v := version{
		Version: unknown, Commit: unknown, Go: runtime.Version(), OPA: unknown, Sarama: unknown,
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if build == nil {
		return v
	}
	if build.Main.Version != "" {
		v.Version = build.Main.Version
	}
	changes := ""
	for _, s := range build.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changes = "+changes"
		}
	}
	v.Commit += changes
	v.OPA, v.Sarama = moduleVersion(build, "github.com/open-policy-agent/opa"), moduleVersion(build, "github.com/IBM/sarama")
	return v
}

func moduleVersion(build *debug.BuildInfo, path string) string {
	for _, m := range build.Deps {
		if m.Path != path {
			continue
		}
		if m.Replace != nil {
			return m.Replace.Version + " (" + m.Replace.Path + ")"
		}
		return m.Version
	}
	return unknown
}

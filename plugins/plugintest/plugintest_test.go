package plugintest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
)

// defectVariable names the defect of the plugin that a child process tests.
const defectVariable = "PLUGINTEST_DEFECT"

func sampleOf(defect string) sampleConfig {
	return sampleConfig{
		Secrets: map[string]config.Secret{"main": config.NewSecret("s3cr3t-of-main"), "old": config.NewSecret("s3cr3t-of-old")},
		Defect:  defect,
	}
}

func TestAPluginWithoutDefectPasses(t *testing.T) { plugintest.Run(t, sampleSpec(), sampleOf("")) }

// TestDefective is the child process of the test below; by itself it has
// nothing to test.
func TestDefective(t *testing.T) {
	defect := os.Getenv(defectVariable)
	if defect == "" {
		t.Skip("run by TestEveryDefectIsFound")
	}
	plugintest.Run(t, sampleSpec(), sampleOf(defect))
}

func TestEveryDefectIsFound(t *testing.T) {
	for defect, says := range map[string]string{
		"takes an empty secret":          "want a config.Fault",
		"does not sign the body":         "a flipped bit of the body",
		"compares what is there":         "X-Signature empty",
		"lets unsigned ones pass":        "X-Signature missing",
		"needs no time":                  "X-Sent-At missing",
		"tells the secret":               "holds a secret",
		"refuses as malformed":           "another secret",
		"sends another body":             "Send changed the body",
		"repeats the body":               "holds private text",
		"reads names twice":              "a name twice",
		"reads the first document":       "followed by another",
		"identifies by signature":        "depends on the signature",
		"identifies by sender":           "through a proxy",
		"identifies by call":             "another identity",
		"publishes a name":               "private text of the webhook is in the public event",
		"publishes free text":            "published.golden.txt differs",
		"publishes the identity":         "the identity of the guest is in the public event",
		"makes tokens itself":            "left to the normalise stage",
		"logs a name":                    "the log holds private text",
		"logs the secret":                "the log holds a secret",
		"reads the clock":                "other events a year later",
		"reads the time of arrival":      "other events a year later",
		"counts":                         "other events a year later",
		"changes its input":              "Normalise changed its input",
		"panics on an odd type":          "a list",
		"gives nothing":                  "no event and no error",
		"gives twice the same":           "two events of one webhook have the id",
		"has another key":                "is not the event's native key",
		"fills the pipeline's part":      "the plugin fills what is the pipeline's",
		"breaks the schema":              "the finished event",
		"hides that a time is missing":   "is null and not listed",
		"invents a type":                 "is none of the types",
		"has no content version":         "want a content version",
		"asks to be tried again":         "neither a rejection nor an ending",
		"tells the value it cannot read": "the error repeats the value",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDefective$")
			child.Env = append(os.Environ(), defectVariable+"="+defect)
			out, err := child.CombinedOutput()
			if err == nil {
				t.Fatal("the suite passes it")
			}
			if !strings.Contains(string(out), says) {
				t.Errorf("the suite does not say %q:\n%s", says, out)
			}
		})
	}
}

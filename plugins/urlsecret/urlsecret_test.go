package urlsecret_test

import (
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/urlsecret"
)

func TestOnlyTheWholeSecretPasses(t *testing.T) {
	secret := config.NewSecret("correct-horse")
	v, err := urlsecret.Verify(urlsecret.Sign(pipeline.Request{}, secret), secret)
	if err != nil || v.Method != "url-secret" || !v.SignedAt.IsZero() {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, got := range []string{"", "correct-hors", "correct-horsee", "Correct-horse", "correct-horse\x00", "c"} {
		_, err := urlsecret.Verify(pipeline.Request{PathSecret: got}, secret)
		if r, ok := pipeline.AsRejection(err); !ok || r.Reason != pipeline.Unverified || strings.Contains(err.Error(), "correct") {
			t.Errorf("secret %q: %v", got, err)
		}
	}
}

func TestAnEmptySecretLetsNobodyIn(t *testing.T) {
	for _, got := range []string{"", "x"} {
		if _, err := urlsecret.Verify(pipeline.Request{PathSecret: got}, config.Secret{}); err == nil {
			t.Errorf("%q passed an empty secret", got)
		}
	}
}

func TestASecretMustStandInAURL(t *testing.T) {
	for text, ok := range map[string]bool{
		"0G40wVVm9uzwuwRdn5": true, "a+b=": true, "a-b._~": true,
		"": false, "a/b": false, "a b": false, "a?b": false, "a#b": false, "a%20b": false, "ä": false, "a\n": false,
	} {
		err := urlsecret.Validate("secret", config.NewSecret(text))
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "secret: ") {
			t.Errorf("the fault %q names no path", err)
		}
	}
}

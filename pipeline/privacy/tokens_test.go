package privacy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/prf/subtle"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/privacy"
)

func tokens(t *testing.T, key string) *privacy.Tokens {
	t.Helper()
	made, err := privacy.New(config.NewSecret(key))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func token(t *testing.T, of *privacy.Tokens, identity string) string {
	t.Helper()
	text, err := of.Token(identity)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTokensAreEqualForEqualPeopleAndKeysOnly(t *testing.T) {
	one, other := tokens(t, strings.Repeat("a", 32)), tokens(t, strings.Repeat("b", 32))
	ana := token(t, one, "ana@example.com")
	if again := token(t, one, "ana@example.com"); again != ana {
		t.Errorf("the same person has two tokens: %s and %s", ana, again)
	}
	if bob := token(t, one, "bob@example.com"); bob == ana {
		t.Error("two people share a token")
	}
	if foreign := token(t, other, "ana@example.com"); foreign == ana {
		t.Error("the token does not depend on the key")
	}
	if !strings.HasPrefix(ana, "tok_") || strings.Contains(ana, "ana") {
		t.Errorf("token %q", ana)
	}
}

func TestNobodyHasNoToken(t *testing.T) {
	if _, err := tokens(t, strings.Repeat("a", 32)).Token(""); err == nil {
		t.Error("an empty identity got a token")
	}
}

func TestAnEmptyKeyIsRefused(t *testing.T) {
	if _, err := privacy.New(config.NewSecret("")); err == nil {
		t.Error("everybody could make the tokens again")
	}
}

func TestTheKeyFileIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := privacy.KeyFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := privacy.KeyFile(dir)
	if err != nil || again.Reveal() != first.Reveal() {
		t.Errorf("the key changed, or %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "privacy.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// Tokens are in topics that are kept for years: a token that changes makes two
// people of one.
func TestTokensAreTheSameForEver(t *testing.T) {
	of := tokens(t, "a key of which the tokens are known")
	for identity, want := range map[string]string{
		"ana@example.com":        "tok_lOPuLLiE5Tq7CE2AgW7Leg",
		"x":                      "tok_apxewJf3w9FZaEz-Xyl-6Q",
		strings.Repeat("m", 300): "tok_iUmTRgKvyACRCVkOGTUyfQ",
	} {
		if got := token(t, of, identity); got != want {
			t.Errorf("the token of %d bytes is %s, was %s", len(identity), got, want)
		}
	}
}

func TestTokensAreMadeTogether(t *testing.T) {
	of := tokens(t, strings.Repeat("a", 32))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			identity := strings.Repeat("x", i+1)
			want, _ := of.Token(identity)
			for range 100 {
				if got, err := of.Token(identity); err != nil || got != want {
					t.Errorf("token %s, alone it was %s (%v)", got, want, err)
				}
			}
		})
	}
	all.Wait()
}

// FuzzTokens holds the function against Tink's, of which tokens are kept.
func FuzzTokens(f *testing.F) {
	f.Add("a key of sixteen characters", "ana@example.com")
	f.Add(strings.Repeat("k", 100), strings.Repeat("i", 1000))
	f.Fuzz(func(t *testing.T, key, identity string) {
		made, err := privacy.New(config.NewSecret(key))
		if err != nil || identity == "" {
			return
		}
		sum := sha256.Sum256([]byte(key))
		tink, err := subtle.NewHKDFPRF("SHA256", sum[:], []byte("reservoir people v1"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := tink.ComputePRF([]byte(identity), 16)
		if err != nil {
			t.Fatal(err)
		}
		want := "tok_" + base64.RawURLEncoding.EncodeToString(out)
		for range 2 { // the second one with a state that was used before
			if got := token(t, made, identity); got != want {
				t.Fatalf("token %s, Tink's is %s", got, want)
			}
		}
	})
}

func BenchmarkToken(b *testing.B) {
	made, err := privacy.New(config.NewSecret("a key of which the tokens are known"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := made.Token("ana@example.com"); err != nil {
			b.Fatal(err)
		}
	}
}

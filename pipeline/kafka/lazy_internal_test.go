package kafka

import (
	"testing"
	"testing/synctest"
)

// TestWhoWaitedForAConnectionGetsItThoughItWasDroppedSince: of two that wait for
// one, the quicker may have found it broken before the other looks.
func TestWhoWaitedForAConnectionGetsItThoughItWasDroppedSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := lazy[int]{open: func() (int, error) { <-release; return 7, nil }}
		for range 8 {
			go func() {
				got, err := l.get(t.Context())
				if got != 7 || err != nil {
					t.Errorf("got %d, %v", got, err)
				}
				l.drop(func(int) bool { return true })
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
	})
}

package kafka

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/IBM/sarama"
)

// closingClient takes its time to close. sarama's own panics where it is closed
// twice meanwhile.
type closingClient struct {
	sarama.Client
	closed  int
	release chan struct{}
}

func (c *closingClient) Close() error {
	c.closed++
	<-c.release
	return nil
}

// TestAProducerThatIsBrokenWhileItIsClosedClosesItsClientOnce is a process that is
// told to stop in the moment in which its transactions have been made ready.
func TestAProducerThatIsBrokenWhileItIsClosedClosesItsClientOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &closingClient{release: make(chan struct{})}
		p := &txnProducer{client: client, lines: new(lines)}
		var both sync.WaitGroup
		both.Go(p.snap)
		synctest.Wait()
		both.Go(p.close)
		// Not Wait: a wait for a lock is none of those it knows.
		close(client.release)
		both.Wait()
		if client.closed != 1 {
			t.Errorf("the client was closed %d times", client.closed)
		}
	})
}

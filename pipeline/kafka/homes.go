package kafka

import "github.com/IBM/sarama"

// Homes tells which partition a key's records are written to. It is for one
// goroutine at a time.
type Homes struct{ partitioner sarama.Partitioner }

// NewHomes gives what the Publisher chooses by: murmur2, as Java clients use.
func NewHomes() Homes { return Homes{sarama.NewMurmur2Partitioner("")} }

// Of gives the partition of a key, of so many. A nil key has none of its own:
// -1.
func (h Homes) Of(key []byte, partitions int32) int32 {
	if key == nil || partitions < 1 {
		return -1
	}
	p, err := h.partitioner.Partition(&sarama.ProducerMessage{Key: sarama.ByteEncoder(key)}, partitions)
	if err != nil {
		return -1 // a byte encoder never fails
	}
	return p
}

package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// verify compares the group's offsets with what we left there, once for each
// claim in each generation, and after a transaction whose end is not known. A
// partition whose offset somebody else moved was somebody else's: it is lost,
// whatever the session says. Where the offset is the one that the doubtful
// transaction would have set, that one was committed.
//
// The generation was asked for before the offsets: if it ends in between, the
// broker refuses the transaction.
func (x *transactor) verify(p *txnProducer, meta *sarama.ConsumerGroupMetadata, k *kept) error {
	ask := make(map[string][]int32)
	for _, part := range k.parts {
		if k.doubt || !part.claim.verified(meta) {
			ask[part.claim.part.Topic] = append(ask[part.claim.part.Topic], part.claim.part.ID)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	found, err := offsetsOf(p.client, x.sub.conf.Group, ask)
	if err != nil {
		return fmt.Errorf("kafka: group %s: ask for its offsets: %w", x.sub.conf.Group, err)
	}
	left := k.parts[:0]
	for _, part := range k.parts {
		at, asked := found[part.claim.part]
		switch {
		case k.doubt && asked && at == part.to && at != part.claim.left():
			k.records -= len(part.tasks)
			part.claim.settle(part, true)
			continue
		case asked && at != part.claim.left():
			x.sub.log.Warn("another member has moved the offset of a partition, giving it up",
				"partition", part.claim.part.String(), "offset", at, "left", part.claim.left())
			part.claim.lose()
		case asked:
			part.claim.verify(meta)
		}
		left = append(left, part)
	}
	clear(k.parts[len(left):])
	k.parts, k.doubt = left, false
	return nil
}

// offsetsOf gives the committed offsets of the group, -1 for none, and waits
// for no transaction that is just ending: that is an error ([isSettling]).
func offsetsOf(client sarama.Client, group string, ask map[string][]int32) (map[pipeline.Partition]int64, error) {
	req := sarama.NewOffsetFetchRequest(client.Config().Version, group, ask)
	req.RequireStable = true
	resp, err := atCoordinator(client, group, func(b *sarama.Broker) (*sarama.OffsetFetchResponse, error) { return b.FetchOffset(req) })
	if err != nil {
		return nil, err
	}
	all := make(map[pipeline.Partition]int64)
	for topic, ids := range ask {
		for _, id := range ids {
			b := resp.GetBlock(topic, id)
			if b == nil {
				_ = client.RefreshCoordinator(group)
				return nil, fmt.Errorf("%w: %w", sarama.ErrIncompleteResponse, resp.Err)
			}
			if b.Err != sarama.ErrNoError {
				_ = client.RefreshCoordinator(group)
				return nil, b.Err
			}
			all[pipeline.Partition{Topic: topic, ID: id}] = b.Offset
		}
	}
	return all, nil
}

// origin gives the group's offset of a partition for which sarama found none,
// or one that is out of range: that one is to be replaced, and no sign of
// another member. start is where the claim begins instead. A transaction that is
// just ending is waited for, and a coordinator that moves: an error here ends the
// session of every claim.
func (h *handler) origin(ctx context.Context, p pipeline.Partition, start int64) (int64, error) {
	var found map[pipeline.Partition]int64
	err := settled(ctx, func() (err error) {
		found, err = offsetsOf(h.client, h.conf.Group, map[string][]int32{p.Topic: {p.ID}})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("kafka: group %s: ask for its offset of %s: %w", h.conf.Group, p, err)
	}
	at := found[p]
	if at < start {
		return at, nil
	}
	end, err := h.client.GetOffset(p.Topic, p.ID, sarama.OffsetNewest)
	if err != nil {
		return 0, fmt.Errorf("kafka: ask for the end of %s: %w", p, err)
	}
	if at <= end {
		return 0, fmt.Errorf("kafka: group %s: the offset of %s was committed a moment ago; asking again", h.conf.Group, p)
	}
	return at, nil
}

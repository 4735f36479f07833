package kafka

// What a transaction does when a broker refuses a batch of it as too large: the
// topic takes less than it did, for Finish lets nothing through that is larger
// than what is known.

// fewer is by how much a request of outputs shrinks when one was refused.
const fewer = 16

// refused mends a set of which a batch was refused. Who has an output that is
// larger than its topic takes loses its partition: nothing that was built on the
// record counts, it is read again, and Finish then says what is too large, which
// a handler can settle (invariants 3 and 6). The other partitions of the set are
// committed. Where no output is too large by itself, they go in smaller batches.
// It gives false if there is nothing left to do but to ask and to try again: which
// record was refused only the topic's limit tells, for sarama fails what is sent
// after it with the same error.
func (x *transactor) refused(k *kept) bool {
	now, found := x.sub.conf.Clock.Now(), x.ask(k.topics())
	x.sub.limits.learn(found, now)
	x.discard() // sarama sends nothing more for seconds where all of a transaction has failed at once
	if outsized := k.outsized(&x.sub.limits); len(outsized) > 0 {
		for _, c := range outsized {
			x.sub.log.Warn("an output is larger than its topic takes by now, reading its partition again", "partition", c.part.String())
			c.lose()
			c.leave()
		}
		return true
	}
	if x.most == 1 {
		return false
	}
	x.most, x.reduced = max(1, x.request()/fewer), now
	return true
}

// request gives how many records one request has at the most.
func (x *transactor) request() int {
	if x.most == 0 {
		return fullRequest
	}
	return x.most
}

// whole ends what refused began, a while after it: the next set goes in batches of
// full size. Sooner they would be refused again, set after set, and each of the
// steps down to what is taken costs a producer.
func (x *transactor) whole() {
	if x.most == 0 || x.sub.conf.Clock.Now().Sub(x.reduced) < askAgain {
		return
	}
	x.most = 0
	x.discard()
}

// raised asks topics that took less whether they take more again.
func (x *transactor) raised() {
	now := x.sub.conf.Clock.Now()
	if due := x.sub.limits.due(now); len(due) > 0 {
		x.sub.limits.learn(x.ask(due), now)
	}
}

// ask gives what topics say that they take. Those that do not tell are left out.
func (x *transactor) ask(topics []string) map[string]int {
	found := map[string]int{}
	p := x.working()
	if p == nil {
		return found
	}
	for _, topic := range topics {
		if bytes, err := limitOf(p.client, topic); err == nil {
			found[topic] = bytes - overhead(p.conf, bytes)
		}
	}
	return found
}

// topics gives those that outputs of the set go to.
func (k *kept) topics() []string {
	seen := map[string]bool{}
	var all []string
	for _, part := range k.parts {
		for _, t := range part.tasks {
			for i := range t.outs {
				if topic := t.outs[i].msg.Topic; !seen[topic] {
					seen[topic] = true
					all = append(all, topic)
				}
			}
		}
	}
	return all
}

// outsized gives the claims with an output that its topic does not take.
func (k *kept) outsized(by *limits) []*claim {
	var all []*claim
	for _, part := range k.parts {
		for _, t := range part.tasks {
			if t.outsized(by) {
				all = append(all, part.claim)
				break
			}
		}
	}
	return all
}

func (t *task) outsized(by *limits) bool {
	for i := range t.outs {
		if t.outs[i].msg.ByteSize(2) > by.of(t.outs[i].msg.Topic) {
			return true
		}
	}
	return false
}

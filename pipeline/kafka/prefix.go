package kafka

// prefix holds the open records of a partition in the order of their offsets
// and gives out what is finished at their front: a transaction takes records
// without a hole, so that its offset passes none that is unfinished
// (invariant 5). The front stays until its transaction is committed.
type prefix struct {
	tasks []*task // from head on
	head  int
	taken int // at the front, in a transaction
	ready int // finished, right behind them
}

func (p *prefix) add(t *task) { p.tasks = append(p.tasks, t) }

// finish takes note that a task is done, and gives how many more may be taken.
func (p *prefix) finish(t *task) int {
	t.done = true
	before := p.ready
	for at := p.head + p.taken + p.ready; at < len(p.tasks) && p.tasks[at].done; at++ {
		p.ready++
	}
	return p.ready - before
}

// take gives up to limit tasks that may go into a transaction.
func (p *prefix) take(limit int) []*task {
	n := min(limit, p.ready)
	if n == 0 {
		return nil
	}
	from := p.head + p.taken
	p.taken += n
	p.ready -= n
	return append([]*task(nil), p.tasks[from:from+n]...)
}

// settle forgets n tasks at the front, all of them taken.
func (p *prefix) settle(n int) {
	clear(p.tasks[p.head : p.head+n])
	p.head += n
	p.taken -= n
	if p.head*2 < len(p.tasks) {
		return
	}
	p.tasks = append(p.tasks[:0], p.tasks[p.head:]...)
	clear(p.tasks[len(p.tasks):cap(p.tasks)])
	p.head = 0
}

// rest gives what is in no transaction.
func (p *prefix) rest() []*task { return p.tasks[p.head+p.taken:] }

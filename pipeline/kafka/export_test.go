package kafka

// BeforeCommit has a Subscriber's transactions call fn when everything of them
// is sent but the commit.
func BeforeCommit(s *Subscriber, fn func()) { s.beforeCommit = fn }

package config

import (
	"math"
	"regexp"
)

// kafkaName is a legal name of a topic or group instance: org.apache.kafka.common.internals.Topic
// and ConsumerConfig.GROUP_INSTANCE_ID_CONFIG allow the same letters.
var kafkaName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

func (c *checker) kafka() {
	k := c.file.Kafka
	if k.InstanceID != "" && (!kafkaName.MatchString(k.InstanceID) || k.InstanceID == "." || k.InstanceID == "..") {
		c.fault("kafka.instance_id", "is not a legal instance id; write letters, digits, - . _, at most 249")
	}
	c.topicSettings(k)
	if k.IsEmbedded() {
		c.embedded(k)
		return
	}
	c.brokers(k)
	c.security(k)
	if c.file.Privacy.Key.IsZero() {
		c.fault("privacy.key", "is required with `kafka.brokers`, so that all members make the same tokens; write {env: NAME} or {file: PATH}")
	}
}

// shortKey is what a key of tokens should not be shorter than: what is shorter
// can be guessed, and then so can every mail address.
const shortKey = 16

func (c *checker) privacy() {
	if n := len(c.file.Privacy.Key.Reveal()); n > 0 && n < shortKey {
		c.errs = append(c.errs, Warn("privacy.key", "has fewer than 16 characters, so that somebody can guess it and tell people by their tokens; make one with `openssl rand -base64 32`"))
	}
}

func (c *checker) topicSettings(k Kafka) {
	if k.Topics.Partitions < 1 || k.Topics.Partitions > 10_000 {
		c.fault("kafka.topics.partitions", "must be between 1 and 10000")
	}
	if k.Topics.Replication < 0 || k.Topics.Replication > math.MaxInt16 {
		c.fault("kafka.topics.replication", "must be 0 or more; 0 means 3, or as many as there are brokers")
	}
	if retention := k.Topics.Retention.Std(); retention < 0 || (retention > 0 && retention.Milliseconds() == 0) {
		c.fault("kafka.topics.retention", "must be 1ms or more; 0s means what the brokers are set to")
	}
}

func (c *checker) embedded(k Kafka) {
	if k.Embedded.Dir == "" {
		c.fault("kafka.embedded.dir", "is empty; write the folder that the broker keeps its log in")
	}
	if k.Topics.Replication > 1 {
		c.fault("kafka.topics.replication", "is more than the embedded broker has, which is one; leave it out, or name `brokers`")
	}
	if k.SASL != nil {
		c.fault("kafka.sasl", "is not for the embedded broker, which knows no logins; remove it, or name `brokers`")
	}
	if k.TLS != nil {
		c.fault("kafka.tls", "is not for the embedded broker, which does not encrypt; remove it, or name `brokers`")
	}
}

func (c *checker) brokers(k Kafka) {
	if c.file.node.child("kafka").child("embedded").tree != nil {
		c.fault("kafka.embedded", "stands beside `brokers`; remove the one that is not meant")
	}
	seen := map[string]int{}
	for i, b := range k.Brokers {
		path := indexPath("kafka.brokers", i)
		host, port, err := splitAddress(b)
		switch first, twice := seen[b]; {
		case err != nil:
			c.fault(path, err.Error()+"; write host:port such as kafka-1:9092")
		case host == "" || port == 0:
			c.fault(path, "has no host or no port; write host:port such as kafka-1:9092")
		case twice:
			c.fault(path, "is the same as "+indexPath("kafka.brokers", first)+"; remove one of them")
		}
		seen[b] = i
	}
}

func (c *checker) security(k Kafka) {
	if k.SASL != nil {
		if k.SASL.Username == "" {
			c.fault("kafka.sasl.username", "is empty; write the login's name")
		}
		if k.SASL.Password.IsZero() {
			c.fault("kafka.sasl.password", "is required; write {env: NAME} or {file: PATH}")
		}
		if k.SASL.Mechanism == "plain" && k.TLS == nil {
			c.errs = append(c.errs, Warn("kafka.sasl.mechanism", "sends the password in the clear; add `tls: {}`, or use scram-sha-512"))
		}
	}
	if k.TLS == nil {
		return
	}
	if k.TLS.Cert != "" && k.TLS.Key.IsZero() {
		c.fault("kafka.tls.key", "is required with `cert`; write {file: PATH}")
	}
	if k.TLS.Cert == "" && k.TLS.Key != (Secret{}) {
		c.fault("kafka.tls.cert", "is required with `key`; write the path of the certificate")
	}
}

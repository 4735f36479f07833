package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// DefaultMaxRecord is the size of a record where Config does not say: what a
// Kafka topic takes by default, 1 MiB.
const DefaultMaxRecord = 1 << 20

// Config says how to reach a cluster.
type Config struct {
	Brokers  []string // host:port, one or more
	ClientID string   // shows in the brokers' logs and quotas; default "reservoir"
	// InstanceID makes a consumer a static member of its groups (KIP-345): it
	// must differ between processes. Empty: a dynamic member.
	InstanceID string
	SASL       *SASL
	TLS        *TLS
	// MaxRecord is the size in bytes of the largest record, with key, headers
	// and overhead, that is written. Topics must take as much
	// (max.message.bytes). Default DefaultMaxRecord. It counts before compression.
	MaxRecord int
	// Compression is how batches are written: none, lz4 or zstd (at its fastest
	// level); default none. Readers need no setting. On a broker of the same
	// machine it costs more time than it saves. A network between, or a broker
	// whose disk is busy, is a reason for zstd or lz4.
	Compression string
	// Linger is how long a Publisher lets a record wait for others to travel
	// with; 0 sends at once what comes while no request is out.
	Linger time.Duration
	Log    *slog.Logger // default: none
}

// SASL is how to log in. Mechanism is plain, scram-sha-256 or scram-sha-512.
type SASL struct {
	Mechanism string
	User      string
	Password  config.Secret
}

// TLS is encryption; the broker's certificate is always verified.
type TLS struct {
	CA         string        // PEM file of authorities; empty: the system's
	Cert       string        // PEM file of our certificate, with Key
	Key        config.Secret // PEM text of our private key
	ServerName string        // that the brokers' certificates must hold; empty: the broker's host
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

func (c Config) maxRecord() int {
	if c.MaxRecord == 0 {
		return DefaultMaxRecord
	}
	return c.MaxRecord
}

// codec gives the library's word for Compression.
func (c Config) codec() (sarama.CompressionCodec, error) {
	switch c.Compression {
	case "", "none":
		return sarama.CompressionNone, nil
	case "lz4":
		return sarama.CompressionLZ4, nil
	case "zstd":
		return sarama.CompressionZSTD, nil
	}
	return 0, fmt.Errorf("kafka: compression %q is not known; it must be none, lz4 or zstd", c.Compression)
}

// overhead gives what a batch on the wire has around a single record beyond what
// sarama counts. What cannot be compressed grows a little: a few bytes for each
// frame and block.
func overhead(c *sarama.Config, maxRecord int) int {
	if c.Producer.Compression == sarama.CompressionNone {
		return batchOverhead
	}
	return 2*batchOverhead + maxRecord>>14
}

// sarama gives the settings that every client shares.
func (c Config) sarama() (*sarama.Config, error) {
	if len(c.Brokers) == 0 {
		return nil, errors.New("kafka: no brokers; name at least one as host:port")
	}
	if c.MaxRecord < 0 || c.MaxRecord > 0 && c.MaxRecord < 1024 {
		return nil, fmt.Errorf("kafka: max record of %d bytes; it must be 1024 or more", c.MaxRecord)
	}
	codec, err := c.codec()
	if err != nil {
		return nil, err
	}
	s := sarama.NewConfig()
	s.Producer.Compression = codec
	// The library's default moves with its releases. Older brokers are fine:
	// each request is sent in the newest version that both sides know.
	s.Version = sarama.V4_1_0_0
	s.ClientID = "reservoir"
	if c.ClientID != "" {
		s.ClientID = c.ClientID
	}
	s.MetricRegistry = silentRegistry{}
	s.Net.DialTimeout = 5 * time.Second
	s.Net.KeepAlive = 30 * time.Second
	s.Metadata.Full = false // only the topics in use
	// Topics are made by EnsureTopics, never by a typing error.
	s.Metadata.AllowAutoTopicCreation = false
	s.Metadata.RefreshFrequency = time.Minute
	if err := c.SASL.apply(s); err != nil {
		return nil, err
	}
	if err := c.TLS.apply(s); err != nil {
		return nil, err
	}
	return s, s.Validate()
}

func (t *TLS) apply(s *sarama.Config) error {
	if t == nil {
		return nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return fmt.Errorf("kafka: read tls ca: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("kafka: tls ca %s holds no certificate in PEM form", t.CA)
		}
	}
	if (t.Cert == "") != t.Key.IsZero() {
		return errors.New("kafka: tls needs cert and key, or neither")
	}
	if t.Cert != "" {
		if err := t.show(conf); err != nil {
			return err
		}
	}
	s.Net.TLS.Enable, s.Net.TLS.Config = true, conf
	return nil
}

// show sets the certificate that tells brokers who we are.
func (t *TLS) show(conf *tls.Config) error {
	cert, err := os.ReadFile(t.Cert)
	if err != nil {
		return fmt.Errorf("kafka: read tls cert: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, []byte(t.Key.Reveal()))
	if err != nil {
		return fmt.Errorf("kafka: tls cert %s and key do not go together", t.Cert)
	}
	conf.Certificates = []tls.Certificate{pair}
	return nil
}

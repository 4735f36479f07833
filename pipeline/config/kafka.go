package config

// Kafka is the connection, or the embedded broker where Brokers is empty.
type Kafka struct {
	Brokers    []string `yaml:"brokers" doc:"Host:port of some brokers; empty starts the embedded one."`
	ClientID   string   `yaml:"client_id" doc:"How brokers name us in their logs and quotas."`
	InstanceID string   `yaml:"instance_id" doc:"Static identity of this process, so that a restart in place goes on at once; unique among the members."`
	SASL       *SASL    `yaml:"sasl" doc:"How to log in."`
	TLS        *TLS     `yaml:"tls" doc:"Encryption; {} trusts the system's authorities."`
	Delivery   Delivery `yaml:"delivery" enum:"at_least_once,exactly_once" doc:"How outputs and offsets are committed: exactly_once in Kafka transactions; at_least_once may publish an event again after a crash, with the same ce_id."`
	// Compression is none unless bytes are dearer than the processors' time.
	Compression string   `yaml:"compression" enum:"none,lz4,zstd" doc:"How what is written is compressed: none is the least work; lz4 or zstd where the network or the brokers' disks are the narrow place."`
	Topics      Topics   `yaml:"topics" doc:"The topics that are made where they are missing."`
	Embedded    Embedded `yaml:"embedded" doc:"The embedded broker."`
}

// Delivery says how outputs and offsets are committed.
type Delivery string

// The deliveries.
const (
	AtLeastOnce Delivery = "at_least_once"
	ExactlyOnce Delivery = "exactly_once" // outputs and offsets in Kafka transactions
)

// SASL is a login.
type SASL struct {
	Mechanism string `yaml:"mechanism" enum:"plain,scram-sha-256,scram-sha-512,PLAIN,SCRAM-SHA-256,SCRAM-SHA-512" doc:"How the password is proved."`
	Username  string `yaml:"username,required" doc:"The login's name."`
	Password  Secret `yaml:"password,required" doc:"The login's secret."`
}

// SetDefaults sets the mechanism.
func (s *SASL) SetDefaults() { s.Mechanism = "scram-sha-512" }

// TLS is encryption; its zero value trusts the system's authorities and shows
// no certificate.
type TLS struct {
	CA         Path   `yaml:"ca" doc:"PEM file of the authorities to trust; default the system's."`
	Cert       Path   `yaml:"cert" doc:"PEM file of our certificate, with key."`
	Key        Secret `yaml:"key" doc:"PEM text of our private key, such as {file: client.key}."`
	ServerName string `yaml:"server_name" doc:"The name that the brokers' certificates must hold; default the broker's host."`
}

// Topics is how topics are made.
type Topics struct {
	Create      bool     `yaml:"create" doc:"Make topics that are missing; false refuses to run without them."`
	Partitions  int      `yaml:"partitions" doc:"Partitions of each."`
	Replication int      `yaml:"replication" doc:"Replicas of each; 0 means 3, or as many as there are brokers."`
	Retention   Duration `yaml:"retention" doc:"How long records are kept; 0s means what the brokers are set to."`
}

// ReplicasOn gives the number of replicas on a cluster of so many brokers.
func (t Topics) ReplicasOn(brokers int) int {
	if t.Replication > 0 {
		return t.Replication
	}
	return max(1, min(3, brokers))
}

// Embedded is the broker inside the process.
type Embedded struct {
	Dir    string `yaml:"dir" doc:"The folder of its log, relative to the working directory."`
	Listen string `yaml:"listen" doc:"Host:port for other Kafka clients."`
}

// DefaultKafka gives the embedded broker, and what holds of any.
func DefaultKafka() Kafka {
	return Kafka{
		ClientID: "reservoir",
		Delivery: AtLeastOnce, Compression: "none",
		Topics:   Topics{Create: true, Partitions: 8},
		Embedded: Embedded{Dir: "./reservoir-data", Listen: "127.0.0.1:9092"},
	}
}

// IsEmbedded tells that no brokers are named.
func (k Kafka) IsEmbedded() bool { return len(k.Brokers) == 0 }

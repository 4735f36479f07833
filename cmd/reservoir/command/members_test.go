package command_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// memberSite is one of several on the same brokers; %SOURCE% is the source that
// changes beside one that stays.
const memberSite = `
kafka:
  brokers: [%BROKER%]
  topics: {partitions: 4}
listen: 127.0.0.1:0
admin: 127.0.0.1:0
privacy: {key: {env: PRIVACY_KEY}}
sources:
  studentcom: {plugin: studentcom, path: "/hooks/studentcom/{secret}", config: {secret: {env: STUDENT_SECRET}}}
  %SOURCE%: {plugin: studentcom, path: "/hooks/%SOURCE%/{secret}", config: {secret: {env: STUDENT_SECRET}}}
pipelines:
  bookings:
    sources: [studentcom, %SOURCE%]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, normalise, {to: bookings.normalised}, {dedupe: {dir: "%DIR%/state"}}, policy]
`

// A source that comes and one that goes, on one member after the other: every
// partition of the new one's topic is read by somebody, and none of the old one's.
func TestMembersThatReadTheirConfigurationAgainReadWhatItSays(t *testing.T) {
	for _, tt := range []struct {
		name   string
		static bool
		kafka  bool // the coordinator is as Apache Kafka's
	}{
		{"dynamic members", false, false},
		{"static members", true, false},
		{"static members, as Apache Kafka has them", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cluster := fakeCluster(t)
			if tt.kafka {
				likeKafka(cluster)
			}
			m := startMembers(t, cluster.ListenAddrs()[0], tt.static)
			m.accept(t, "leaving", m.runs...)
			m.untilRead(t, "studentcom", "leaving")
			m.reload(t, 0, "arriving")
			m.untilRead(t, "studentcom", "leaving", "arriving")
			m.reload(t, 1, "arriving")
			m.accept(t, "arriving", m.runs...)
			m.untilRead(t, "studentcom", "arriving")
		})
	}
}

// Told at once, both leave and come back while the group deals anew.
func TestMembersThatReadTheirConfigurationAgainAtOnceReadWhatItSays(t *testing.T) {
	for name, static := range map[string]bool{"dynamic members": false, "static members": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := startMembers(t, fakeCluster(t).ListenAddrs()[0], static)
			m.accept(t, "leaving", m.runs...)
			m.untilRead(t, "studentcom", "leaving")
			for n := range m.sites {
				m.hangUp(t, n, "arriving")
			}
			for n := range m.sites {
				m.untilReadAgain(t, n)
			}
			m.accept(t, "arriving", m.runs...)
			m.untilRead(t, "studentcom", "arriving")
		})
	}
}

// While one member knows a source and another does not, which is the middle of
// any change of several members, what either accepts of it comes out.
func TestWhatOneMemberAcceptsIsNoDeadLetterOfAnother(t *testing.T) {
	for _, source := range []string{"arriving", "leaving"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			m := startMembers(t, fakeCluster(t).ListenAddrs()[0], false)
			m.untilRead(t, "studentcom", "leaving")
			m.reload(t, 0, "arriving")
			m.untilRead(t, "studentcom", "leaving", "arriving")
			knows := map[string]*running{"arriving": m.runs[0], "leaving": m.runs[1]}[source]
			m.accept(t, source, knows)
		})
	}
}

// members are two processes, as it were, of one pipeline.
type members struct {
	broker string
	texts  []string // configurations, less the source
	sites  []*site
	runs   []*running
}

func startMembers(t *testing.T, broker string, static bool) *members {
	t.Helper()
	m := &members{broker: broker}
	for n := range 2 {
		text := strings.ReplaceAll(memberSite, "%BROKER%", broker)
		if static {
			text = strings.Replace(text, "kafka:\n", fmt.Sprintf("kafka:\n  instance_id: member-%d\n", n), 1)
		}
		s := newSite(t, strings.ReplaceAll(text, "%SOURCE%", "leaving"))
		s.env["PRIVACY_KEY"] = "a key of more than sixteen characters"
		s.hangups = make(chan os.Signal, 1)
		m.texts, m.sites = append(m.texts, text), append(m.sites, s)
		m.runs = append(m.runs, s.startReady(t))
	}
	return m
}

// reload gives a member another source.
func (m *members) reload(t *testing.T, n int, source string) {
	t.Helper()
	m.hangUp(t, n, source)
	m.untilReadAgain(t, n)
}

func (m *members) hangUp(t *testing.T, n int, source string) {
	t.Helper()
	m.sites[n].configure(t, strings.ReplaceAll(m.texts[n], "%SOURCE%", source))
	m.sites[n].hangups <- syscall.SIGHUP
}

func (m *members) untilReadAgain(t *testing.T, n int) {
	t.Helper()
	r := m.runs[n]
	r.until(t, "read again", func() bool {
		return strings.Contains(r.log.String(), "the configuration was read again") && status(t, r.admin+"/readyz") == http.StatusOK
	})
}

// accept sends webhooks of a source to some members and waits until they are
// published.
func (m *members) accept(t *testing.T, source string, by ...*running) {
	t.Helper()
	var wanted []string
	for i := range 8 {
		booking := fmt.Sprintf("HB%d", i)
		url := by[i%len(by)].webhooks + "/hooks/" + source + "/" + studentSecret
		if code := post(t.Context(), client(), url, student(booking, 1)); code != http.StatusOK {
			t.Fatalf("%s of %s is answered %d", booking, source, code)
		}
		wanted = append(wanted, source+"/"+booking)
	}
	var dead []record
	within(t, "published", func() bool {
		dead = m.sites[0].tail(t, "bookings.dead")
		return len(dead) > 0 || len(missing(wanted, m.sites[0].published(t))) == 0
	}, func() string { return m.log(t) })
	for _, d := range dead {
		t.Errorf("%s is dead: %s, %s", d.Key, d.header("dead_reason"), d.header("dead_error"))
	}
}

// untilRead waits until both members, and the coordinator with them, say that
// each partition of these sources' topics is read by one, and of no other
// source's.
func (m *members) untilRead(t *testing.T, sources ...string) {
	t.Helper()
	var wanted []string
	for _, source := range sources {
		for p := range 4 {
			wanted = append(wanted, fmt.Sprintf("bookings.raw.%s/%d", source, p))
		}
	}
	slices.Sort(wanted)
	within(t, fmt.Sprintf("read once each, %v, and no more", wanted), func() bool {
		held := append(m.runs[0].holds(t), m.runs[1].holds(t)...)
		slices.Sort(held)
		return slices.Equal(held, wanted) && slices.Equal(m.given(t), wanted)
	}, func() string { return m.log(t) })
}

func (m *members) log(t *testing.T) string {
	return fmt.Sprintf("held by one: %v\nheld by two: %v\ngiven: %v\n%s\n%s", m.runs[0].holds(t), m.runs[1].holds(t), m.given(t), m.runs[0].log, m.runs[1].log)
}

// holds gives the partitions of raw topics that a run reads.
func (r *running) holds(t *testing.T) []string {
	t.Helper()
	var held []string
	line := regexp.MustCompile(`(?m)^reservoir_lag\{partition="(\d+)",segment="[^"]*",topic="(bookings\.raw\.[^"]*)"\}`)
	for _, found := range line.FindAllStringSubmatch(body(t, r.admin+"/metrics"), -1) {
		held = append(held, found[2]+"/"+found[1])
	}
	return held
}

// given gives what the coordinator has dealt of raw topics, nothing while it
// deals.
func (m *members) given(t *testing.T) []string {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_2_0_0
	admin, err := sarama.NewClusterAdmin([]string{m.broker}, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	groups, err := admin.DescribeConsumerGroups([]string{"reservoir.bookings.normalise"})
	if err != nil {
		t.Fatal(err)
	}
	if groups[0].State != "Stable" {
		return nil
	}
	var all []string
	for _, member := range groups[0].Members {
		assigned, err := member.GetMemberAssignment()
		if err != nil {
			t.Fatal(err)
		}
		if assigned == nil {
			continue
		}
		for topic, ids := range assigned.Topics {
			for _, id := range ids {
				if strings.HasPrefix(topic, "bookings.raw.") {
					all = append(all, fmt.Sprintf("%s/%d", topic, id))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func fakeCluster(t *testing.T) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "10000000"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}

// likeKafka makes the coordinator of a stable group give a static member that
// comes back its last assignment, whatever it subscribes to now: Apache Kafka
// looks at the name of the chosen protocol alone, kfake at the subscription too.
func likeKafka(cluster *kfake.Cluster) {
	var mu sync.Mutex
	last := map[string][]kmsg.JoinGroupRequestProtocol{} // of members that did not leave
	cluster.ControlKey(int16(kmsg.LeaveGroup), func(request kmsg.Request) (kmsg.Response, error, bool) {
		leave := request.(*kmsg.LeaveGroupRequest)
		mu.Lock()
		defer mu.Unlock()
		for _, member := range leave.Members {
			if member.InstanceID != nil {
				delete(last, leave.Group+" "+*member.InstanceID)
			}
		}
		return nil, nil, false
	})
	cluster.ControlKey(int16(kmsg.JoinGroup), func(request kmsg.Request) (kmsg.Response, error, bool) {
		join := request.(*kmsg.JoinGroupRequest)
		if join.InstanceID == nil {
			return nil, nil, false
		}
		mu.Lock()
		defer mu.Unlock()
		member := join.Group + " " + *join.InstanceID
		if before := last[member]; before != nil && join.MemberID == "" {
			join.Protocols = before
			return nil, nil, false
		}
		last[member] = slices.Clone(join.Protocols)
		for i := range last[member] {
			last[member][i].Metadata = bytes.Clone(join.Protocols[i].Metadata)
		}
		return nil, nil, false
	})
}

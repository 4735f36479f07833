package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// checker collects what is wrong between the parts of a file.
type checker struct {
	file *File
	errs []error
}

func (c *checker) fault(path, problem string) { c.errs = append(c.errs, At(path, problem)) }

// Validate checks what the file alone can tell: names, addresses, references
// and collisions. The order of stages, the names of stages and plugins, and
// their configurations are checked by the engine.
func (f *File) Validate() error {
	c := &checker{file: f}
	c.kafka()
	c.privacy()
	c.listeners()
	c.sources()
	c.pipelines()
	c.topics()
	return errors.Join(c.errs...)
}

// settle fills what follows from other values, once nothing is wrong.
func (f *File) settle() {
	for i := range f.Sources {
		if limit := f.Sources[i].RateLimit; limit != nil && limit.Burst == 0 {
			limit.Burst = max(1, int(math.Ceil(limit.PerSecond)))
		}
	}
}

// entryName is a legal name of a source or pipeline: it becomes part of topic
// names, consumer groups, booking ids (before a slash) and metric labels.
var entryName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

const entryNameProblem = "is not a legal name; write lower-case letters, digits, - and _, at most 63, not beginning with - or _"

func (c *checker) sources() {
	if len(c.file.Sources) == 0 {
		c.fault("sources", "has no source; add one with `plugin` and `path`")
	}
	for i, s := range c.file.Sources {
		path := joinPath("sources", keyText(s.Name))
		if !entryName.MatchString(s.Name) {
			c.fault(path, entryNameProblem)
		}
		if s.Plugin == "" {
			c.fault(path+".plugin", "is empty; write the name of a plugin, see `reservoir plugins`")
		}
		c.sourcePath(path+".path", i)
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" || s.Zone == "Local" {
			c.fault(path+".zone", "is not a time zone that is known; write an IANA name such as Europe/London or UTC")
		}
		c.rateLimit(path+".rate_limit", s.RateLimit)
	}
}

func (c *checker) rateLimit(path string, limit *RateLimit) {
	if limit == nil {
		return
	}
	if limit.PerSecond <= 0 || limit.PerSecond > 1e6 {
		c.fault(path+".per_second", "must be above 0 and at most 1000000; leave `rate_limit` out for no limit")
	}
	if limit.Burst < 0 || limit.Burst > 1e6 {
		c.fault(path+".burst", "must be between 0 and 1000000; 0 means one second's worth")
	}
}

// urlSegment is a segment of a path as it is written without escapes.
var urlSegment = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

func (c *checker) sourcePath(path string, i int) {
	segments, problem := splitURLPath(c.file.Sources[i].Path)
	if problem != "" {
		c.fault(path, problem)
		return
	}
	for _, earlier := range c.file.Sources[:i] {
		other, bad := splitURLPath(earlier.Path)
		if bad == "" && overlap(segments, other) {
			c.fault(path, "takes the same webhooks as "+joinPath("sources", keyText(earlier.Name))+".path; give each source a path of its own")
		}
	}
}

func splitURLPath(path string) (segments []string, problem string) {
	if !strings.HasPrefix(path, "/") {
		return nil, "does not start with a slash; write it such as /hooks/tourcms"
	}
	segments = strings.Split(path[1:], "/")
	secrets := 0
	for _, s := range segments {
		switch {
		case s == "{secret}":
			secrets++
		case strings.ContainsAny(s, "{}"):
			return nil, "has a placeholder that is not known; the only one is a whole segment {secret}"
		case s == "." || s == ".." || !urlSegment.MatchString(s):
			return nil, "has a segment that is empty or no plain text; write letters, digits, - . _ ~ between slashes, without query"
		}
	}
	if secrets > 1 {
		return nil, "has {secret} twice; one segment is the secret"
	}
	return segments, ""
}

// overlap tells that a request could be meant for both paths.
func overlap(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && a[i] != "{secret}" && b[i] != "{secret}" {
			return false
		}
	}
	return true
}

func (c *checker) listeners() {
	listen := c.address("listen", c.file.Listen)
	admin := c.address("admin", c.file.Admin)
	if listen.meets(admin) {
		c.fault("admin", "takes the same port as `listen`; the admin pages are not for those who send webhooks, give them another port")
	}
	if !c.file.Kafka.IsEmbedded() {
		return
	}
	broker := c.address("kafka.embedded.listen", c.file.Kafka.Embedded.Listen)
	if broker.meets(listen) || broker.meets(admin) {
		c.fault("kafka.embedded.listen", "takes the same port as `listen` or `admin`; give it another")
	}
}

// address is host and port; a port of -1 stands for none that could be read.
type address struct {
	host string
	port int
}

func (c *checker) address(path, text string) address {
	host, port, err := splitAddress(text)
	if err != nil {
		c.fault(path, err.Error()+"; write host:port such as :8080 or 127.0.0.1:8081")
		return address{port: -1}
	}
	return address{host, port}
}

// meets tells that two listeners would want one port. Port 0 takes any.
func (a address) meets(b address) bool {
	if a.port <= 0 || a.port != b.port {
		return false
	}
	return a.host == b.host || a.any() || b.any()
}

func (a address) any() bool { return a.host == "" || a.host == "0.0.0.0" || a.host == "::" }

func splitAddress(text string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0, errors.New("is not host:port")
	}
	port, err = strconv.Atoi(number)
	if err != nil || port < 0 || port > math.MaxUint16 {
		return "", 0, fmt.Errorf("has a port that is not between 0 and %d", math.MaxUint16)
	}
	if strings.ContainsAny(host, " \t/@,") {
		return "", 0, errors.New("has a host that is no name or address")
	}
	return host, port, nil
}

package tourcms

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errPrivate refuses an address at the moment of dialling: after DNS, so that
// a public name with a private address gets nowhere either.
var errPrivate = errors.New("the API's name leads to an address that is not public; mend base_url, or set allow_private: true for a simulator")

// nat64 embeds an IPv4 address in its last four bytes (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// notPublic are the special blocks of RFC 6890 and its registries that netip
// has no method for, the ways IPv4 is wrapped in IPv6 (compatible, local NAT64,
// Teredo, 6to4) and the metadata address of one cloud that is formally public.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
}

// globalV6 is the only block of IPv6 that is routed in public.
var globalV6 = netip.MustParsePrefix("2000::/3")

// public tells whether an address is one that anybody on the internet can have.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	if ip.Is6() && !globalV6.Contains(ip) {
		return false
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, block := range notPublic {
		if block.Contains(ip) {
			return false
		}
	}
	return true
}

// guard is a dialler's control function.
func guard(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !public(to.Addr()) {
		return errPrivate
	}
	return nil
}

// keptConnections is how many connections stay open between look-ups: as many
// as enrich's max_in_flight can ever let be used at once. With fewer, every
// look-up above them would close its connection and the next one shake hands
// anew. How many there are is bounded by max_in_flight alone, and what is idle
// goes after a while.
const keptConnections = 10_000

// newTransport makes the transport for the one host this plugin calls. No
// proxy from the environment: it would be dialled in the host's place and the
// guard would judge the wrong address.
func newTransport(allowPrivate bool) *http.Transport {
	dialler := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if !allowPrivate {
		dialler.ControlContext = guard
	}
	return &http.Transport{
		DialContext:            dialler.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           keptConnections,
		MaxIdleConnsPerHost:    keptConnections,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

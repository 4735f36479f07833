package tourcms

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/plugins/tourcms/tourcmstest"
)

func TestSignatureMatchesKnownVectors(t *testing.T) {
	for _, v := range []struct {
		name, path, want string
		at               int64
	}{
		{"official, TourCMS/node-tourcms test/node-tourcms.js", "/api/rate_limit_status.xml", "Pjob2G09DPqeayLkxKVcjCgK0Frc%2BRLY2YVcTYdcR1k%3D", 1453310629},
		{"a query is signed too", "/c/booking/show.xml?booking_id=1234", "szouiGz19Vf0Pw5PS7kQJXLI%2Fq4k0YZlJ5zgbDyLIxc%3D", 1749550000},
	} {
		at := time.Unix(v.at, 0)
		if got := signature("AAAAAA", 3930, 0, "GET", at, v.path); got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
		if got := tourcmstest.Sign(tourcmstest.Key{Channel: 3930, APIKey: "AAAAAA"}, "GET", at, v.path); got != v.want {
			t.Errorf("%s, by the simulator: %s, want %s", v.name, got, v.want)
		}
	}
}

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	for address, want := range map[string]bool{
		"203.0.114.1": true, "52.17.4.4": true, "2a00:1450:4001:830::200e": true, "::ffff:52.17.4.4": true,
		"64:ff9b::3411:404": true, // NAT64 of 52.17.4.4

		"127.0.0.1": false, "127.8.8.8": false, "::1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false, "100.100.100.200": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fc00::1": false, "fec0::1": false,
		"168.63.129.16": false, "192.0.0.192": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "ff02::1": false, "192.88.99.1": false,
		// IPv4 in IPv6: mapped, compatible, NAT64 well-known and local, 6to4, Teredo
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::7f00:1": false, "::a9fe:a9fe": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::a9fe:a9fe": false,
		"2002:7f00:1::": false, "2002:a9fe:a9fe::1": false, "2001:0:a9fe:a9fe::1": false,
		"2001:db8::1": false, "3fff::1": false, "100::1": false, "4000::1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public %v, want %v", address, got, want)
		}
	}
}

func TestGuardRefusesWhatItCannotRead(t *testing.T) {
	for _, address := range []string{"", "localhost:443", "52.17.4.4", "[::1]:443", "[::ffff:10.0.0.1]:443"} {
		if err := guard(t.Context(), "tcp", address, nil); err == nil {
			t.Errorf("%q: dialled", address)
		}
	}
	if err := guard(t.Context(), "tcp4", "52.17.4.4:443", nil); err != nil {
		t.Errorf("a public address: %v", err)
	}
}

func TestHookReadsOnlyWhatItKnows(t *testing.T) {
	const good = "event=new_confirmed_web&account_id=4069&account_name=testoperator&channel_id=3930&booking_id=1234"
	want := hook{trigger: "new_confirmed_web", account: 4069, channel: 3930, booking: 1234}
	for name, query := range map[string]string{
		"as documented":       good,
		"extended":            good + "&voucher=1&voucher=2&x;y",
		"encoded name":        strings.Replace(good, "booking_id", "booking%5Fid", 1),
		"leading zeros":       strings.Replace(good, "booking_id=1234", "booking_id=001234", 1),
		"name with a percent": strings.Replace(good, "testoperator", "50%+off;%zz", 1),
		"name with ampersand": strings.Replace(good, "testoperator", "Fish&Chips%zz=%", 1),
	} {
		if got, err := parseHook(query); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestHookWithoutItsIdsIsRefused(t *testing.T) {
	for name, query := range map[string]string{
		"no booking": "event=cancelled&account_id=1", "no account": "event=cancelled&booking_id=1", "nothing": "",
		"zero": "account_id=1&booking_id=0", "negative": "account_id=1&booking_id=-1", "hex": "account_id=1&booking_id=0x1", "sign": "account_id=1&booking_id=%2B1",
		"space": "account_id=1&booking_id=1+", "too large": "account_id=1&booking_id=99999999999999999999", "slash": "account_id=1&booking_id=1/2",
		"twice": "account_id=1&booking_id=1&booking_id=1", "twice, encoded": "account_id=1&booking_id=1&booking%5fid=2", "event twice": "event=a&event=b&account_id=1&booking_id=1",
		"channel no number": "account_id=1&booking_id=1&channel_id=x", "channel empty": "account_id=1&booking_id=1&channel_id=",
		"broken escape": "account_id=1&booking_id=%zz", "trigger with a newline": "event=a%0ab&account_id=1&booking_id=1",
		"long trigger": "event=" + strings.Repeat("a", 65) + "&account_id=1&booking_id=1",
	} {
		if got, err := parseHook(query); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzHook(f *testing.F) {
	f.Add("event=new_confirmed_web&account_id=4069&account_name=testoperator&channel_id=3930&booking_id=1234")
	f.Add("event=%zz&&booking_id=1;account_id=2")
	f.Fuzz(func(t *testing.T, query string) {
		h, err := parseHook(query)
		if err != nil {
			return
		}
		if h.account == 0 || h.booking == 0 || len(h.trigger) > maxTrigger {
			t.Errorf("%+v passes", h)
		}
	})
}

// TestNoProxyIsAsked: a proxy would make the connection, and what may not be
// called could be called through it.
func TestNoProxyIsAsked(t *testing.T) {
	for _, allowPrivate := range []bool{false, true} {
		if newTransport(allowPrivate).Proxy != nil {
			t.Errorf("with allow_private %t a proxy is asked", allowPrivate)
		}
	}
}

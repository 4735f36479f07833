package command

import (
	"errors"
	"net"
	"strconv"
)

// The ports a demo takes lie below those that systems give to outgoing
// connections (32768 and up on Linux, 49152 elsewhere), so that they are likely
// to be free again when somebody goes on with its folder.
const (
	firstPort = 20000
	portCount = 12000
)

// freePorts gives loopback addresses that nobody listens on. They are held
// until all are found, so that they differ.
func freePorts(n int, random func() uint64) ([]string, error) {
	var found []string
	start := random()
	for tried := range uint64(portCount) {
		port := firstPort + (start+tried)%portCount
		ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.FormatUint(port, 10)))
		if err != nil {
			continue
		}
		defer ln.Close() //nolint:errcheck // nothing came over it
		if found = append(found, ln.Addr().String()); len(found) == n {
			return found, nil
		}
	}
	return nil, errors.New("no free ports from 20000 to 31999 on 127.0.0.1")
}

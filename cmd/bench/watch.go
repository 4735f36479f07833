package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// brokerEnv names the broker's process, to report its CPU time too.
const brokerEnv = "BENCH_BROKER_PID"

// watch measures a stretch of this process's life.
type watch struct {
	began          time.Time
	cpu, all       time.Duration
	helpers        []int // processes that feed this one
	help           time.Duration
	broker         time.Duration
	brokerErr      error
	mallocs, bytes uint64
}

// startWatch begins a measurement. What the processes in helpers use is neither
// this one's nor that of others.
func startWatch(helpers ...int) watch {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	broker, err := brokerCPU()
	return watch{
		began: time.Now(), cpu: ownCPU(), helpers: helpers, help: cpuOf(helpers),
		broker: broker, brokerErr: err, all: machineCPU(), mallocs: m.Mallocs, bytes: m.TotalAlloc,
	}
}

// stop ends the measurement of n events.
func (w watch) stop(n int) result {
	took := time.Since(w.began)
	var m runtime.MemStats
	broker, err := brokerCPU()
	self, broker := ownCPU()-w.cpu, broker-w.broker
	others := machineCPU() - w.all - self - broker - (cpuOf(w.helpers) - w.help)
	runtime.ReadMemStats(&m)
	each := float64(max(1, n))
	r := result{
		Events: n, Seconds: took.Seconds(), Rate: float64(n) / took.Seconds(),
		CPU: micros(self) / each, Broker: micros(broker) / each, RSS: peakRSS(),
		Allocs: float64(m.Mallocs-w.mallocs) / each, AllocKB: float64(m.TotalAlloc-w.bytes) / each / 1024,
		Others: max(0, others.Seconds()/took.Seconds()),
	}
	if err = errors.Join(w.brokerErr, err); err != nil {
		// Another broker than the one that was meant: no figure of this run
		// can be compared with those of the others.
		r.Broker = 0
		r.wrong("%v", err)
	}
	return r
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
func millis(d time.Duration) float64 { return micros(d) / 1000 }

func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakRSS gives the most memory this process had resident, in MB; 0 where the
// system does not tell. Rusage is of no use: it begins with the parent's peak.
func peakRSS() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"))
			return float64(kb) / 1024
		}
	}
	return 0
}

// userHZ is the unit of CPU times in /proc (proc(5), sysconf(_SC_CLK_TCK)).
const userHZ = 100

// machineCPU is the time that all cores together were busy.
func machineCPU() time.Duration {
	stat, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(stat), "\n")
	busy := 0
	fields := strings.Fields(line)
	for i := 1; i < min(9, len(fields)); i++ {
		if ticks, _ := strconv.Atoi(fields[i]); i != 4 && i != 5 { // idle, iowait
			busy += ticks
		}
	}
	return time.Duration(busy) * time.Second / userHZ
}

// brokerCPU gives 0 where no process is named. One that is named and gone is
// an error: the benchmark then ran on some other broker.
func brokerCPU() (time.Duration, error) {
	pid := os.Getenv(brokerEnv)
	if pid == "" {
		return 0, nil
	}
	used, err := processCPU(pid)
	if err != nil {
		return 0, fmt.Errorf("%s names no process: %w", brokerEnv, err)
	}
	return used, nil
}

// cpuOf adds up processes; one that has ended has none.
func cpuOf(pids []int) time.Duration {
	all := time.Duration(0)
	for _, pid := range pids {
		used, _ := processCPU(strconv.Itoa(pid))
		all += used
	}
	return all
}

func processCPU(pid string) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // behind the name, which may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("the CPU time of process %s cannot be read", pid)
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / userHZ, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/heap"
)

// measureCase runs one case in this process.
func measureCase(ctx context.Context, t task) (r result, err error) {
	defer heap.Tend(pipeline.WallClock{}, os.LookupEnv)() // as the program that is measured does
	b := newBench(t)
	defer func() { err = errors.Join(err, cleanUp(t.Options.Brokers, b.prefix, b.name)) }()
	switch t.Case.Kind {
	case kindHops:
		r, err = b.hops(ctx)
	case kindWeb:
		r, err = b.web(ctx)
	case kindLatency:
		r, err = b.latency(ctx)
	case kindLookUp:
		r, err = b.lookUps(ctx)
	default:
		err = fmt.Errorf("no case is of the kind %q", t.Case.Kind)
	}
	r.Name = t.Case.Name
	if b.admin != nil {
		err = errors.Join(err, b.admin.Close())
	}
	return r, err
}

// close stops the pipeline and gives back what it holds.
func (b *bench) close() error {
	return errors.Join(b.stop(), b.engine.Close())
}

// profiled begins the profiles that were asked for; the function it gives ends
// them.
func (b *bench) profiled() (func() error, error) {
	var cpu *os.File
	if dir := b.Options.CPUProfile; dir != "" {
		var err error
		if cpu, err = os.Create(filepath.Join(dir, b.Case.file()+".cpu.pprof")); err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, err
		}
	}
	return func() error {
		if cpu != nil {
			pprof.StopCPUProfile()
			if err := cpu.Close(); err != nil {
				return err
			}
		}
		return b.allocations()
	}, nil
}

func (b *bench) allocations() error {
	if b.Options.MemProfile == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(b.Options.MemProfile, b.Case.file()+".allocs.pprof"))
	if err != nil {
		return err
	}
	runtime.GC() // what was allocated since the last one is not in the profile
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

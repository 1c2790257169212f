package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// memoryLimit is the memory, in bytes, from which on the collector works harder: that of bodies in flight and an eighth of
// a gigabyte for all else (docs/decisions/0013). GOMEMLIMIT sets another one.
const memoryLimit = 512 << 20

// heapGrowth is by how many percent the heap may grow between collections: what the desk keeps is small, and to collect
// a quarter as often as Go does by default is worth some tens of megabytes. GOGC sets another one.
const heapGrowth = 400

// spareThreads are how many more threads than there are processors may run Go code while SQLite is used: its calls block the
// thread that makes them, and who comes back from the disk with everybody waiting for him shall not have to wait himself until a processor is
// free. GOMAXPROCS sets another number of all threads.
const spareThreads = 2

// limitMemory sets memoryLimit, unless the environment sets another one.
func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// tuneToServe returns what the start needed to the system, and sets heapGrowth and spareThreads, unless the environment sets others. It
// comes after the start, which makes some things for as many as there are processors.
func (p *program) tuneToServe(c *config) {
	debug.FreeOSMemory()
	if p.getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if c.databaseName() == sqlite && p.getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareThreads)
	}
}

// Package bench measures the built program against baselines of the same run: what a server costs that decodes and
// encodes the same and stores nothing, what the store alone costs, and what the disk takes for a write. What counts are
// ratios of turns that are taken one after the other, so that whatever else the machine does meets both sides.
//
// `make bench` runs the benchmarks, `make bench-growth` those on a million tickets; docs/performance.md says what they
// came to.
package bench

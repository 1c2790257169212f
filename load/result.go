package load

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Result is what was measured.
type Result struct {
	Requests int           // that were answered or failed
	Failed   int           // without an answer, or with one that is no success (below 300)
	Took     time.Duration // from the first request to the last answer
	Rate     float64       // successes in a second

	// How long answers took, the failed ones too.
	Median, P90, P99, Longest time.Duration

	Statuses map[int]int    // how many answers of each HTTP status; 0: no answer
	Faults   map[int]string // of each status that is no success, what was said first
}

// String words a result for a terminal, in lines.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "requests  %d in %.1f s, %.0f/s answered with success, %d failed\n", r.Requests, r.Took.Seconds(), r.Rate, r.Failed)
	fmt.Fprintf(&b, "answers   median %s   90 %% %s   99 %% %s   longest %s\n", millis(r.Median), millis(r.P90), millis(r.P99), millis(r.Longest))
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		name := fmt.Sprint(status)
		if status == 0 {
			name = "none"
		}
		fmt.Fprintf(&b, "status    %s: %d", name, r.Statuses[status])
		if fault := strings.TrimSpace(r.Faults[status]); fault != "" {
			fmt.Fprintf(&b, "   the first: %s", fault)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1e3) }

// tally counts outcomes.
type tally struct {
	latencies histogram
	statuses  map[int]int
	faults    map[int]string
}

func (t *tally) note(status int, took time.Duration, text string) {
	if t.statuses == nil {
		t.statuses, t.faults = map[int]int{}, map[int]string{}
	}
	t.latencies.add(took)
	t.statuses[status]++
	if _, told := t.faults[status]; !told && !succeeded(status) {
		t.faults[status] = text
	}
}

func succeeded(status int) bool { return status >= 200 && status < 300 }

func (t *tally) result(took time.Duration) Result {
	r := Result{Took: took, Statuses: maps.Clone(t.statuses), Faults: maps.Clone(t.faults)}
	for status, n := range t.statuses {
		r.Requests += n
		if !succeeded(status) {
			r.Failed += n
		}
	}
	if took > 0 {
		r.Rate = float64(r.Requests-r.Failed) / took.Seconds()
	}
	r.Median, r.P90, r.P99 = t.latencies.quantile(0.5), t.latencies.quantile(0.9), t.latencies.quantile(0.99)
	r.Longest = t.latencies.longest
	return r
}

// fineness is into how many steps each doubling of a duration is divided: a quantile is at most 1/64 too large.
const fineness = 64

// histogram counts durations in microseconds, in steps that grow with them, so that a run of hours needs no more
// memory than one of seconds.
type histogram struct {
	counts  [64 * fineness]int
	total   int
	longest time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[step(uint64(max(d, 0).Microseconds()))]++
	h.total++
	h.longest = max(h.longest, d)
}

// step is the step that a number of microseconds falls into: exact below fineness.
func step(micros uint64) int {
	if micros < fineness {
		return int(micros)
	}
	doublings := bits.Len64(micros) - bits.Len64(fineness)
	return (doublings+1)*fineness + int(micros>>doublings) - fineness
}

// upper is the largest duration of a step.
func upper(step int) time.Duration {
	if step < fineness {
		return time.Duration(step) * time.Microsecond
	}
	doublings := step/fineness - 1
	return time.Duration((uint64(step%fineness+fineness)+1)<<doublings-1) * time.Microsecond
}

// quantile is the duration that a part of all did not exceed.
func (h *histogram) quantile(part float64) time.Duration {
	left := int(part * float64(h.total))
	for i, n := range h.counts {
		if left -= n; left < 0 {
			return min(upper(i), h.longest)
		}
	}
	return h.longest
}

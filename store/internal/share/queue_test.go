package share

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestJobsThatCameTogetherAreDoneTogetherAndInOrder(t *testing.T) {
	q := newQueue[int]()
	for n := range 10 {
		if err := q.put(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if q.Waiting() != 10 {
		t.Errorf("%d jobs wait, want 10", q.Waiting())
	}
	var batches [][]int
	q.work(4, func() {}, func(batch []int) { batches = append(batches, batch) })
	q.Stop()
	next := 0
	for i, batch := range batches {
		if want := []int{4, 4, 2}[i]; len(batch) != want {
			t.Errorf("batch %d has %d jobs, want %d", i, len(batch), want)
		}
		for _, n := range batch {
			if n != next {
				t.Errorf("job %d was done when it was the turn of %d", n, next)
			}
			next++
		}
	}
	if next != 10 {
		t.Errorf("%d jobs were done before the queue had stopped, want all", next)
	}
}

func TestAStoppedQueueTakesNothing(t *testing.T) {
	q := newQueue[int]()
	q.Stop()
	q.Stop()
	if err := q.put(t.Context(), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

func TestWhoCannotWaitForRoomIsToldSo(t *testing.T) {
	q := newQueue[int]()
	full, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for n := 0; ; n++ {
		if err := q.put(full, n); err != nil {
			if n != q.Waiting() || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v after %d jobs, of which %d wait", err, n, q.Waiting())
			}
			return
		}
	}
}

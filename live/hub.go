// Package live tells those who wait in this process that something happened.
package live

import "sync"

// Hub wakes everybody who waits, whenever something was published. It carries no news itself: who wakes up looks for
// what is new. The zero Hub is ready for use.
type Hub struct {
	mu   sync.Mutex
	next chan struct{}
}

// Next returns a channel that is closed at the next Publish. Ask for it before looking, so that nothing is missed
// between looking and waiting.
func (h *Hub) Next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next == nil {
		h.next = make(chan struct{})
	}
	return h.next
}

// Publish wakes everybody who waits.
func (h *Hub) Publish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next != nil {
		close(h.next)
		h.next = nil
	}
}

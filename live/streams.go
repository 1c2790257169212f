package live

import "sync"

// Streams counts the streams that are open, and how many of them somebody opened. The zero Streams is ready for use.
type Streams struct {
	mu   sync.Mutex
	open int
	of   map[string]int // only those with open streams
}

// Enter counts one more stream of somebody. It returns false, and counts nothing, when that would be more than most.
func (s *Streams) Enter(who string, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[who] >= most {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.open++
	s.of[who]++
	return true
}

// Leave counts one stream of somebody less.
func (s *Streams) Leave(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.of[who]--; s.of[who] == 0 {
		delete(s.of, who)
	}
}

// Open is how many streams are open.
func (s *Streams) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

package store

// AwaitSpare waits until it is known whether the next block of ticket numbers could be taken.
func AwaitSpare(s *Store) {
	s.numbers.mu.Lock()
	spare := s.numbers.spare
	s.numbers.mu.Unlock()
	<-spare.known
}

package store

// dialect holds the few words and facts that differ between the engines; every other text is the same for both. An empty word
// means that the engine needs none.
type dialect struct {
	forUpdate  string // ends a SELECT whose row must stay as it was read
	skipLocked string // likewise, but a row that somebody else holds is not found
	notify     string // tells other nodes that something was committed
	inOrder    string // ends a SELECT without an order: as the rows were stored
	serial     bool   // transactions for writing are one after the other, over all processes
	lockSchema string // keeps other nodes from changing the schema at the same time
}

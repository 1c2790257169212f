package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"banksulutgo.co.id/servicedesk/desk"
)

const (
	minPassword = 12   // characters
	maxPassword = 1024 // characters; more is an attack on the hash, not a password
	saltBytes   = 16
	hashBytes   = 32
)

// hasherRest is after how long it is worth another try when too many passwords wait: what waits takes about as long.
const hasherRest = 5 * time.Second

// NoPassword returns what looks like the hash of a password and is that of none. To verify against it takes as long as
// against a real one: so nobody learns from the time whether somebody is known.
func NoPassword() string {
	p := passwordHash{cost: currentCost(), salt: make([]byte, saltBytes), sum: make([]byte, hashBytes)}
	rand.Read(p.salt)
	rand.Read(p.sum)
	return p.phc()
}

// errPasswordHash says that a stored password hash is not one; it never contains the hash.
var errPasswordHash = errors.New("stored password hash is not in the form that this program writes")

// CheckPassword refuses passwords of fewer than 12 or more than 1,024 characters, with a *desk.Error about the
// field `password`.
func CheckPassword(password string) error {
	var faults desk.Faults
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		faults.Add("password", desk.TooShort, strconv.Itoa(minPassword))
	case n > maxPassword:
		faults.Add("password", desk.TooLong, strconv.Itoa(maxPassword))
	}
	return faults.Err()
}

// NewPassword makes a password for somebody to begin with: about 78 random bits that can be read out.
func NewPassword() string { return newCode() + "-" + newCode() }

// Hasher hashes and verifies passwords, a few at a time: each takes 19 MiB and a good part of a second, and many
// at once would leave no processor for anything else.
type Hasher struct {
	apart []string
	log   *slog.Logger
	seats chan *seat
	room  chan struct{} // for those at work and those who wait
}

// HasherOptions are what NewHasher needs.
type HasherOptions struct {
	Parallel int          // passwords that are worked on at once; default 1
	Waiting  int          // others that may wait
	Apart    []string     // a command that calls ServeHashes, by which passwords are hashed without taking time from requests; default: they are hashed here
	Log      *slog.Logger // default slog.Default()
}

// NewHasher makes a Hasher. A process that hashes is started when it is needed.
func NewHasher(o HasherOptions) *Hasher {
	parallel := max(o.Parallel, 1)
	h := &Hasher{apart: o.Apart, log: o.Log, seats: make(chan *seat, parallel), room: make(chan struct{}, parallel+max(o.Waiting, 0))}
	if h.log == nil {
		h.log = slog.Default()
	}
	for range parallel {
		h.seats <- &seat{}
	}
	return h
}

// Hash returns the argon2id hash of a password in PHC form, with a salt of its own. The error is that of ctx,
// when it ends before the Hasher is free, or a *desk.Error of code Unavailable when too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	made := passwordHash{cost: currentCost(), salt: make([]byte, saltBytes)}
	rand.Read(made.salt)
	sum, err := h.compute(ctx, password, made, hashBytes)
	if err != nil {
		return "", err
	}
	made.sum = sum
	return made.phc(), nil
}

// Verify reports whether the password is the one of a hash that Hash returned, also with an earlier cost. The
// error is that of ctx, or of code Unavailable as of Hash, or says that the hash is damaged; a wrong password is no error.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (bool, error) {
	stored, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	sum, err := h.compute(ctx, password, stored, len(stored.sum))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, stored.sum) == 1, nil
}

// compute waits until the Hasher is free and hashes.
func (h *Hasher) compute(ctx context.Context, password string, p passwordHash, length int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
	default:
		return nil, &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: hasherRest,
			Err: errors.New("too many passwords wait to be hashed")}
	}
	var s *seat
	select {
	case s = <-h.seats:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	defer func() { h.seats <- s }()
	sum, err := s.compute(h.apart, hashTask{Password: []byte(password), Salt: p.salt, Memory: p.memory, Time: p.time, Threads: p.threads, Length: length})
	if err != nil {
		h.log.Warn("sign-ins take time from requests", "error", err)
	}
	return sum, nil
}

// cost is what one argon2id computation takes.
type cost struct {
	memory, time, threads uint32 // KiB, passes, lanes
}

// currentCost is what new hashes take (OWASP Password Storage Cheat Sheet, argon2id).
func currentCost() cost { return cost{memory: 19 << 10, time: 2, threads: 1} }

// sane bounds what a stored hash may ask for, so that a damaged one cannot exhaust the memory.
func (c cost) sane() bool {
	return c.threads >= 1 && c.threads <= 16 && c.time >= 1 && c.time <= 16 &&
		c.memory >= 8*c.threads && c.memory <= 256<<10
}

func (c cost) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.time, c.threads)
}

// passwordHash is a hash with all that is needed to compute it again.
type passwordHash struct {
	cost
	salt, sum []byte
}

// phc writes the hash in the PHC string format.
func (p passwordHash) phc() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, p.cost, encode(p.salt), encode(p.sum))
}

// parsePHC reads what phc wrote.
func parsePHC(text string) (passwordHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return passwordHash{}, errPasswordHash
	}
	var p passwordHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || !p.sane() {
		return passwordHash{}, errPasswordHash
	}
	var saltErr, sumErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.sum, sumErr = base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(saltErr, sumErr) != nil || len(p.salt) < 8 || len(p.sum) < 16 || len(p.sum) > 64 {
		return passwordHash{}, errPasswordHash
	}
	// Whatever the lenient steps above let through is not written again as it was read.
	if p.phc() != text {
		return passwordHash{}, errPasswordHash
	}
	return p, nil
}

package staff

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// How often something may be tried. A whole office may come from one address in the morning.
const (
	triesOfAddress = 100
	triesOfAccount = 5
	triesOfDevice  = 10
	addressEvery   = 10 * time.Second
	accountEvery   = time.Minute
)

// limit counts tries under a name, which tells nobody what is tried.
type limit struct {
	name string
	store.Throttle
	common bool // others are counted under the name too: one success forgets one try only
}

// byAddress counts what comes from an address; of IPv6 from its network, of which anybody has as many addresses as he likes.
func (s *Staff) byAddress(from netip.Addr) limit {
	from = from.Unmap()
	network := from.String()
	if from.Is6() {
		network = netip.PrefixFrom(from.WithZone(""), 64).Masked().String()
	}
	return limit{s.keyring.Hash("tries of an address", network), store.Throttle{Burst: triesOfAddress, Every: addressEvery}, true}
}

// byAccount counts tries to sign in with an e-mail, whether or not it is anybody's.
func (s *Staff) byAccount(email string) limit {
	return limit{s.keyring.Hash("tries of an account", email), store.Throttle{Burst: triesOfAccount, Every: accountEvery}, false}
}

// byDevice counts tries to sign in with a browser that the account was used from before.
func (s *Staff) byDevice(device string) limit {
	return limit{s.keyring.Hash("tries of a device", device), store.Throttle{Burst: triesOfDevice, Every: accountEvery}, false}
}

// byFactor counts codes of a person's second factor.
func (s *Staff) byFactor(agentID string) limit {
	return limit{s.keyring.Hash("tries of a factor", agentID), store.Throttle{Burst: triesOfAccount, Every: accountEvery}, false}
}

// byPassword counts passwords that somebody who is signed in gives again.
func (s *Staff) byPassword(agentID string) limit {
	return limit{s.keyring.Hash("tries of a password", agentID), store.Throttle{Burst: triesOfAccount, Every: accountEvery}, false}
}

// take counts one try under each limit, and returns how long to wait when it is one too many. Limits that many share stand
// first, so that transactions never wait for each other in a circle.
func take(tx *store.Tx, now time.Time, limits []limit) (longest time.Duration, err error) {
	for _, l := range limits {
		wait, err := tx.Try(l.name, l.Throttle, now)
		if err != nil {
			return 0, err
		}
		longest = max(longest, wait)
	}
	return longest, nil
}

// giveBack takes back tries that were not somebody's who guesses.
func giveBack(tx *store.Tx, limits []limit) {
	for _, l := range limits {
		if l.common {
			tx.GiveBack(l.name, l.Throttle)
		} else {
			tx.Untry(l.name)
		}
	}
}

// try is take in a transaction of its own. The error is of code TooMany when it is one too many.
func (s *Staff) try(ctx context.Context, limits ...limit) error {
	var wait time.Duration
	now := s.now()
	err := s.store.WriteAlone(ctx, func(tx *store.Tx) (err error) {
		wait, err = take(tx, now, limits)
		return err
	})
	if err != nil {
		return err
	}
	return tooOften(wait)
}

// tooOften is an Error of code TooMany unless there is nothing to wait for.
func tooOften(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	minutes := (wait + time.Minute - 1) / time.Minute
	return &desk.Error{Code: desk.TooMany, Text: desk.TriedTooOften, Args: []string{strconv.Itoa(int(minutes))}, RetryAfter: wait}
}

// forgive is giveBack in a transaction of its own.
func (s *Staff) forgive(ctx context.Context, limits ...limit) error {
	return s.store.WriteAlone(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		giveBack(tx, limits)
		return nil
	})
}

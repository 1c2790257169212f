package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sys/unix"
)

// How a process that hashes passwords is used.
const (
	idleApart = time.Minute // without work, after which it ends
	patience  = time.Second // for one hash: a machine that is busy through and through leaves it no time
)

// hashTask is one hash to compute, as it goes to the process that does; hashDone is its answer.
type (
	hashTask struct {
		Password, Salt        []byte
		Memory, Time, Threads uint32
		Length                int // of the hash, in bytes
	}
	hashDone struct{ Sum []byte }
)

func (t hashTask) compute() []byte {
	return argon2.IDKey(t.Password, t.Salt, t.Time, t.Memory, uint8(t.Threads), uint32(t.Length))
}

// ServeHashes computes the hashes that the program asks for on r, until r ends or a minute passes without one. It is what the
// command that Apart names has to do. The error says that what came is not from this program.
func ServeHashes(ctx context.Context, r io.Reader, w io.Writer) error {
	tasks, failed := make(chan hashTask), make(chan error, 1)
	go func() {
		for from := json.NewDecoder(r); ; {
			var t hashTask
			if err := from.Decode(&t); err != nil {
				failed <- err
				return
			}
			tasks <- t
		}
	}()
	to := json.NewEncoder(w)
	for {
		select {
		case t := <-tasks:
			if c := (cost{t.Memory, t.Time, t.Threads}); !c.sane() {
				return fmt.Errorf("a hash may not take %s", c)
			}
			if err := to.Encode(hashDone{t.compute()}); err != nil {
				return err
			}
		case err := <-failed:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-time.After(idleApart):
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// helper is a process that computes hashes, one after the other.
type helper struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *os.File
	answers *json.Decoder // of out
}

// startHelper starts a process that gets what time nobody else of the machine wants (SCHED_IDLE, sched(7)).
func startHelper(command []string) (*helper, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{"GOMAXPROCS=1"}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = theirs
	onThreadOfItsOwn(func() {
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_IDLE}, 0) // of this thread; where that is forbidden, the process is one like others
		err = cmd.Start()                                                     // which inherits it
	})
	_ = theirs.Close() // the process has its own
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	go func() { _ = cmd.Wait() }() // it ends when nobody needs it; how does not matter
	return &helper{cmd, in, out, json.NewDecoder(out)}, nil
}

// onThreadOfItsOwn does something on a thread that ends with it, and returns then.
func onThreadOfItsOwn(do func()) {
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread() // and never unlocked: so the thread ends
		if syscall.Gettid() != os.Getpid() {
			do()
			return
		}
		onThreadOfItsOwn(do) // this is the main thread, which stays
		runtime.UnlockOSThread()
	})
	done.Wait()
}

// compute lets the process compute a hash.
func (h *helper) compute(t hashTask) ([]byte, error) {
	if err := h.out.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(h.in).Encode(t); err != nil {
		return nil, err
	}
	var done hashDone
	if err := h.answers.Decode(&done); err != nil {
		return nil, err
	}
	if len(done.Sum) != t.Length {
		return nil, errors.New("the hash has another length")
	}
	return done.Sum, nil
}

// seat is a place at which one hash is computed at a time.
type seat struct{ helper *helper } // nil: none was started yet

// compute computes a hash, by a process of its own when the command of one is given. One that ended while nobody needed it is
// started anew; when that fails the hash is computed here.
func (s *seat) compute(command []string, t hashTask) (sum []byte, err error) {
	if len(command) == 0 {
		return t.compute(), nil
	}
	if s.helper != nil {
		if sum, err = s.helper.compute(t); err == nil {
			return sum, nil
		}
		s.end()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return t.compute(), fmt.Errorf("hash passwords in a process of its own: %w", err)
		}
	}
	if s.helper, err = startHelper(command); err == nil {
		if sum, err = s.helper.compute(t); err == nil {
			return sum, nil
		}
		s.end()
	}
	return t.compute(), fmt.Errorf("hash passwords in a process of its own: %w", err)
}

// end ends the process, if it has not ended by itself.
func (s *seat) end() {
	_ = s.helper.in.Close()
	_ = s.helper.out.Close()
	_ = s.helper.cmd.Process.Kill() // it may be at work
	s.helper = nil
}

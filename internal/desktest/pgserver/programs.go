package pgserver

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// ErrNotInstalled says that no PostgreSQL server was found, and how to get one.
var ErrNotInstalled = errors.New("PostgreSQL is not installed; install it with\n" +
	"\tapt-get update && apt-get install --yes postgresql\n" +
	"or set " + Env + " to the postgres:// URL of a server that tests may use")

// programs are the paths of the two programs that a server is made with.
type programs struct{ initdb, postgres string }

// findPrograms looks in PATH, then where Debian keeps them.
func findPrograms() (programs, error) {
	return search(filepath.SplitList(os.Getenv("PATH")), "/usr/lib/postgresql")
}

// search takes the first folder that has both programs, or the newest version below debian (debian/15/bin).
func search(folders []string, debian string) (programs, error) {
	versions, err := filepath.Glob(filepath.Join(debian, "*", "bin"))
	if err != nil {
		return programs{}, err
	}
	slices.SortFunc(versions, func(a, b string) int { return version(b) - version(a) })
	for _, folder := range slices.Concat(folders, versions) {
		found := programs{filepath.Join(folder, "initdb"), filepath.Join(folder, "postgres")}
		if isProgram(found.initdb) && isProgram(found.postgres) {
			return found, nil
		}
	}
	return programs{}, ErrNotInstalled
}

// version reads 15 out of …/15/bin; a folder that is not named by a number comes last.
func version(folder string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	if err != nil {
		return 0
	}
	return n
}

func isProgram(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil && filepath.IsAbs(path)
}

// owner is the user that the server runs as; nil means the one we are.
type owner struct{ credential *syscall.Credential }

// unprivileged returns the user to run as: ourselves, unless we are root.
func unprivileged() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{}, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return owner{}, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return owner{}, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return owner{}, err
	}
	return owner{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// give makes the user the owner of the files.
func (o owner) give(paths ...string) error {
	if o.credential == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(o.credential.Uid), int(o.credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// attributes are those of a process that runs as the user.
func (o owner) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: o.credential}
}

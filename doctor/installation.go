package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/store"
)

// How long a part of the desk may take to answer, and how old the newest exported head of a running desk may be.
const (
	answerWithin = 15 * time.Second
	headsEvery   = 26 * time.Hour
)

// server looks whether a desk is served from the data folder, and asks it whether it is ready.
func (d *doctor) server(ctx context.Context) {
	d.pid = serving(d.Lock)
	if d.pid == 0 {
		if d.installed {
			d.note("server", Warning, "no desk is served from this data folder", "start it: systemctl start servicedesk, or servicedesk serve")
		} else {
			d.note("server", OK, "no desk is served from this data folder yet", "")
		}
		return
	}
	address := d.readyURL()
	if address == "" {
		d.note("server", OK, fmt.Sprintf("process %d serves the desk, at a port of its own choice", d.pid), "")
		return
	}
	status, err := get(ctx, address)
	switch {
	case err != nil:
		d.note("server", Failed, fmt.Sprintf("process %d holds the data folder, but does not answer: %v", d.pid, err),
			"wait if it has just been started; else read its log, and check that it runs with the settings that are looked at here")
	case status != http.StatusOK:
		d.note("server", Failed, fmt.Sprintf("process %d answers %s with %d: it is not ready", d.pid, address, status), "its log says what is missing")
	default:
		d.note("server", OK, fmt.Sprintf("process %d serves the desk and is ready", d.pid), "")
	}
}

// serving is the process that serves the data folder; 0 when there is none. The lock is only tried when that process
// lives, and then fails, so that no desk that is starting finds it taken.
func serving(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 1 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return 0
	}
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close() // and with it the lock, if it was free
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return 0 // the number is another program's by now
	}
	return pid
}

// readyURL is where the desk of the settings says whether it is ready; empty when its port is any free one.
func (d *doctor) readyURL() string {
	host, port, _ := net.SplitHostPort(d.Listen) // checked when it was read
	if port == "0" {
		return ""
	}
	switch host {
	case "", "0.0.0.0", "::":
		host = "localhost"
	}
	scheme := "http"
	if d.TLSCert != "" {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port), Path: "/readyz"}).String()
}

// get asks an address of our own for its status.
func get(ctx context.Context, address string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	transport := guard.ForOperator(guard.Options{}).Transport()
	transport.DisableKeepAlives = true
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // it is asked whether it answers; its certificate is looked at apart
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// database looks at the database, and at the master key that belongs to it.
func (d *doctor) database(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if d.Database != "" { // SQLite may have many pages to check
		late := time.AfterFunc(answerWithin, cancel)
		defer late.Stop()
	}
	known := ""
	i, err := store.Inspect(ctx, store.Options{Database: d.Database, Folder: d.Data}, d.Deep, func(tx *store.Tx) (err error) {
		known, err = app.Fingerprint(tx)
		return err
	})
	d.installed = i.Schema > 0 || len(i.Doubts) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.note("database", OK, "there is none yet; the first start makes it", "")
	case ctx.Err() != nil:
		d.note("database", Failed, fmt.Sprintf("%s does not answer within %v", d.databaseAt(), answerWithin), "check the address, the network and the server")
		return
	case err != nil:
		d.note("database", Failed, err.Error(), d.databaseRemedy())
		return
	default:
		d.noteDatabase(i)
	}
	if i.Schema == i.Known || !d.installed { // else nobody looked
		d.masterKey(known)
	}
}

// databaseAt names the database without what is secret in its address.
func (d *doctor) databaseAt() string {
	u, err := url.Parse(d.Database)
	switch {
	case d.Database == "":
		return filepath.Join(d.Data, store.SQLiteFile)
	case err != nil:
		return "PostgreSQL"
	}
	return u.Host + u.Path
}

func (d *doctor) databaseRemedy() string {
	if d.Database == "" {
		return "run the command as the user of the desk; if the file cannot be read at all, restore a backup"
	}
	return "check SERVICEDESK_DATABASE: address, user, password, name and schema of the database"
}

// noteDatabase words what was seen of a database.
func (d *doctor) noteDatabase(i store.Inspection) {
	fact := fmt.Sprintf("%s, %s", i.Engine, d.databaseAt())
	if i.Room != "" {
		fact += fmt.Sprintf("; %s; its clock differs by %v", i.Room, i.Ahead.Abs())
	} else {
		fact += fmt.Sprintf("; %s wait in the log", size(uint64(i.Log)))
	}
	v := OK
	for _, doubt := range i.Doubts {
		if doubt.Grave {
			v = Failed
		}
	}
	switch {
	case v == Failed: // what is told below
	case i.Schema == 0:
		d.note("database", OK, fact+"; nothing is installed yet, the first start does it", "")
	case i.Schema > i.Known:
		d.note("database", Failed, fmt.Sprintf("%s; its schema has version %d, this program knows up to %d", fact, i.Schema, i.Known),
			"start a newer servicedesk, or restore a backup that was made by this one")
	case i.Schema < i.Known:
		d.note("database", Warning, fmt.Sprintf("%s; its schema has version %d, the next start brings it to %d", fact, i.Schema, i.Known),
			"make a backup before: an older program does not start on the new schema")
	default:
		d.note("database", OK, fmt.Sprintf("%s; schema %d", fact, i.Schema), "")
	}
	for _, doubt := range i.Doubts {
		v := Warning
		if doubt.Grave {
			v = Failed
		}
		d.note("database", v, doubt.Fact, doubt.Remedy)
	}
}

// masterKey looks whether the key file is there and belongs to the database, whose fingerprint is empty when it is new.
func (d *doctor) masterKey(known string) {
	master, err := auth.LoadMasterKey(d.KeyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && known == "":
		d.note("master key", OK, d.KeyFile+" does not exist; the first start makes it", "")
	case err != nil:
		d.note("master key", Failed, err.Error(), "without it the personal data and the attachments cannot be read")
	case known == "":
		d.note("master key", OK, d.KeyFile+" is there for a new installation (fingerprint "+master.Fingerprint()+")", "")
	case master.Fingerprint() != known:
		d.note("master key", Failed, fmt.Sprintf("%s is another installation's: its fingerprint is %s, the database wants %s", d.KeyFile, master.Fingerprint(), known),
			"put the right key in its place, from the safe or from another node")
	default:
		d.note("master key", OK, fmt.Sprintf("%s belongs to the database (fingerprint %s); keep a copy in a safe", d.KeyFile, known), "")
	}
}

// attachments writes something to their place, reads it back and removes it. A folder that does not exist is left so.
func (d *doctor) attachments(ctx context.Context) {
	place := d.Blobs
	if !strings.Contains(place, "://") {
		info, err := os.Stat(place)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !d.installed:
			d.note("attachments", OK, place+" does not exist; the first start makes it", "")
			return
		case errors.Is(err, fs.ErrNotExist):
			d.note("attachments", Warning, place+" does not exist; the next start makes it, without what was in it",
				"if there were attachments, mount or restore their folder before the desk is started")
			return
		case err == nil && info.IsDir() && !sameDisk(place, d.Data):
			d.space("space", place)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	plain := blob.Options{ // a probe needs no key
		Seal: func(content []byte, _ string) []byte { return content },
		Open: func(sealed []byte, _ string) ([]byte, error) { return sealed, nil },
		S3:   d.S3,
	}
	if _, err := blob.Open(ctx, place, plain); err != nil {
		d.note("attachments", Failed, err.Error(), "check SERVICEDESK_BLOBS, and that the user of the desk may write there")
		return
	}
	d.note("attachments", OK, withoutQuery(place)+": written, read back and removed", "")
}

// sameDisk reports whether two folders are on one file system.
func sameDisk(a, b string) bool {
	var one, other syscall.Stat_t
	return syscall.Stat(a, &one) == nil && syscall.Stat(b, &other) == nil && one.Dev == other.Dev
}

// withoutQuery is an address without its parameters.
func withoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// auditHeads looks whether the head of the audit trail has been exported lately.
func (d *doctor) auditHeads() {
	if !d.installed {
		return
	}
	file := d.Heads
	heads, err := app.ReadHeads(file)
	if err != nil {
		d.note("audit heads", Failed, err.Error(), "keep the file, and compare with the collected one: servicedesk audit verify --heads FILE")
		return
	}
	if len(heads) == 0 {
		d.note("audit heads", OK, "none was exported yet; a running desk does it every day", "")
		return
	}
	last := heads[len(heads)-1].At
	age := time.Since(last)
	fact := fmt.Sprintf("the last of %d was exported on %s", len(heads), last.UTC().Format(time.RFC3339))
	switch {
	case age < -time.Minute:
		d.note("audit heads", Warning, fact+", which is in the future", "the clock was set back: set it right")
	case d.pid != 0 && age > headsEvery:
		d.note("audit heads", Warning, fact, "the desk runs and exports one every day: its log says why it cannot")
	default:
		d.note("audit heads", OK, fact+"; collect the file on another machine", "")
	}
}

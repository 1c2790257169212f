// Package backup writes an installation into one file and reads it back, on either engine.
//
// The file is a tar archive: a description, the master key and the exported audit heads where they are part of it, the
// rows of every table in compressed chunks, the encrypted blobs, and sums. Everything in it follows from its contents,
// headers and padding too, so that a reader finds every byte that is not the one that was written.
package backup

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"path"
	"time"

	"banksulutgo.co.id/servicedesk/store"
)

// Format is the version of the file's form that this program writes, and the newest that it reads.
const Format = 1

// ErrDamaged says that a file is not as a backup was written.
var ErrDamaged = errors.New("the backup is damaged")

// Names of entries.
const (
	descriptionName = "backup.json"
	keyName         = "key"
	headsName       = "audit-heads.jsonl"
	sumsName        = "sums.json"
)

const (
	block     = 512
	chunkRaw  = 1 << 20 // bytes of rows, before compression, at which a chunk ends
	chunkMost = 1 << 30 // bytes of a chunk: a row and what was before it
	entryMost = 1 << 30
)

// Description is the first entry: what the file is a backup of.
type Description struct {
	Format      int           `json:"format"`
	Program     string        `json:"program"` // its version
	Schema      int64         `json:"schema"`  // version
	Engine      string        `json:"engine"`
	Time        time.Time     `json:"time"`
	Fingerprint string        `json:"keyFingerprint"`
	WithKey     bool          `json:"withKey"` // the master key is in the file
	Tables      []store.Table `json:"tables"`
}

// Sums are the last entry. A reader computes them anew.
type Sums struct {
	Tables []TableSum `json:"tables"`
	Blobs  BlobSum    `json:"blobs"`
	Audit  ChainHead  `json:"auditHead"`
	SHA256 string     `json:"sha256"` // of every byte of the file before this entry
}

// TableSum sums up the rows of a table.
type TableSum struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // of the rows as they are written, in the order of the file
}

// BlobSum sums up the blobs.
type BlobSum struct {
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes"` // encrypted
}

// ChainHead is the newest seal of the audit trail.
type ChainHead struct {
	Number int64  `json:"number"`
	MAC    string `json:"mac"`
}

// Rows returns how many rows a table has; 0 when there is no such table.
func (s Sums) Rows(table string) int64 {
	for _, t := range s.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// AllRows returns how many rows there are in all tables.
func (s Sums) AllRows() int64 {
	var n int64
	for _, t := range s.Tables {
		n += t.Rows
	}
	return n
}

// Progress is how far a backup or its reading is.
type Progress struct {
	Rows, Blobs, Bytes int64
}

func chunkName(table int, name string, chunk int) string {
	return fmt.Sprintf("rows/%02d-%s/%06d.zst", table+1, name, chunk)
}

func blobName(name string) string { return path.Join("blobs", name[:2], name) }

// header is the tar header of an entry: it follows from name and size alone.
func header(name string, size int64) ([]byte, error) {
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR})
	return b.Bytes(), err
}

// padding fills the last block of an entry.
func padding(size int64) []byte { return make([]byte, (block-size%block)%block) }

// end is what follows the last entry's padding.
func end() []byte { return make([]byte, 2*block) }

// words writes an entry of JSON.
func words(value any) ([]byte, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	return append(text, '\n'), err
}

// appendRow writes the values of a row one after the other: a text with its length before it, a number as a varint, a
// boolean as a byte.
func appendRow(to []byte, values []any) []byte {
	for _, value := range values {
		switch v := value.(type) {
		case *string:
			to = binary.AppendUvarint(to, uint64(len(*v)))
			to = append(to, *v...)
		case *int64:
			to = binary.AppendVarint(to, *v)
		case *bool:
			b := byte(0)
			if *v {
				b = 1
			}
			to = append(to, b)
		}
	}
	return to
}

// takeRow reads a row of a table into values and returns what follows it.
func takeRow(t store.Table, from []byte, values []any) ([]byte, error) {
	for i, c := range t.Columns {
		var n int
		switch c.Type {
		case "text":
			length, head := binary.Uvarint(from)
			if head <= 0 || length > uint64(len(from)-head) {
				return nil, ErrDamaged
			}
			n = head + int(length)
			values[i] = string(from[head:n])
		case "bigint":
			var number int64
			if number, n = binary.Varint(from); n <= 0 {
				return nil, ErrDamaged
			}
			values[i] = number
		default:
			if len(from) == 0 || from[0] > 1 {
				return nil, ErrDamaged
			}
			values[i], n = from[0] == 1, 1
		}
		from = from[n:]
	}
	return from, nil
}

// tally sums a table up while it goes by.
type tally struct {
	rows int64
	hash hash.Hash
}

package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/klauspost/compress/zstd"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/store"
)

// Contents are what a backup was found to hold.
type Contents struct {
	Description
	Sums     Sums
	Key      []byte            // the file of the master key; nil when it is not in the backup
	Heads    []byte            // exported audit heads; nil when there were none
	DataKeys []auth.WrappedKey // which the master key unwraps
	Bytes    int64             // of the whole file
}

// visitor takes what a backup holds while it is read. What it is given is not to be kept.
type visitor struct {
	row      func(t store.Table, values []any) error
	blob     func(name string, sealed []byte) error
	progress func(Progress)
}

// Read reads a whole backup and compares every byte with what was written. The error wraps ErrDamaged when one differs
// or the end is missing; a backup of a newer program is refused. progress may be nil.
func Read(ctx context.Context, file string, progress func(Progress)) (*Contents, error) {
	return walk(ctx, file, visitor{progress: progress})
}

// walk reads a whole backup and shows it to a visitor.
func walk(ctx context.Context, file string, v visitor) (*Contents, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close()
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(chunkMost))
	if err != nil {
		return nil, err
	}
	defer unpack.Close()
	r := &reader{from: bufio.NewReaderSize(f, 1<<20), visit: v, sum: sha256.New(), unpack: unpack, contents: &Contents{}}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		over, err := r.next(ctx)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("%w: it ends after %d bytes, in the middle", ErrDamaged, r.done.Bytes)
		case err != nil:
			return nil, err
		case over:
			return r.contents, nil
		}
	}
}

// reader reads entries in the order in which they were written.
type reader struct {
	from     io.Reader
	visit    visitor
	sum      hash.Hash
	unpack   *zstd.Decoder
	contents *Contents
	done     Progress
	raw      []byte

	table, chunk int      // the chunk that was read last
	sums         []*tally // of every table
	named, found digests  // blobs that attachments name, and that are there
}

// damaged says where the file is not as it was written.
func (r *reader) damaged(what string) error {
	return fmt.Errorf("%w at byte %d: %s", ErrDamaged, r.done.Bytes, what)
}

// next reads an entry; over is true after the last one.
func (r *reader) next(ctx context.Context) (over bool, err error) {
	var head [block]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return false, err
	}
	name, size, err := parseHeader(head[:])
	if err != nil && r.contents.Format == 0 {
		return false, noBackup()
	}
	if err != nil {
		return false, r.damaged(err.Error())
	}
	if name == sumsName {
		return true, r.finish(head[:])
	}
	content := make([]byte, size+int64(len(padding(size))))
	if _, err := io.ReadFull(r.from, content); err != nil {
		return false, err
	}
	r.sum.Write(head[:])
	r.sum.Write(content)
	if bytes.ContainsFunc(content[size:], func(c rune) bool { return c != 0 }) {
		return false, r.damaged("there is something between two entries")
	}
	if err := r.take(ctx, name, content[:size]); err != nil {
		return false, err
	}
	r.done.Bytes += block + int64(len(content))
	if r.visit.progress != nil {
		r.visit.progress(r.done)
	}
	return false, nil
}

// parseHeader reads a header, which must be the one that its name and size make.
func parseHeader(head []byte) (name string, size int64, err error) {
	name, _, _ = strings.Cut(string(head[:100]), "\x00")
	if _, err := fmt.Sscanf(string(head[124:136]), "%o", &size); err != nil || size < 0 || size > entryMost {
		return "", 0, errors.New("there is no entry")
	}
	if want, err := header(name, size); err != nil || !bytes.Equal(want, head) {
		return "", 0, errors.New("the header of an entry is not as it was written")
	}
	return name, size, nil
}

// take takes an entry by its name.
func (r *reader) take(ctx context.Context, name string, content []byte) error {
	switch {
	case r.contents.Format == 0:
		return r.describe(ctx, name, content)
	case name == keyName && r.table == 0:
		r.contents.Key = content
		return nil
	case name == headsName && r.table == 0:
		r.contents.Heads = content
		return nil
	case strings.HasPrefix(name, "rows/"):
		return r.rows(name, content)
	case strings.HasPrefix(name, "blobs/"):
		return r.blob(name, content)
	}
	return r.damaged("an entry of the unknown name " + name)
}

// noBackup is what a file comes to whose beginning is not that of a backup.
func noBackup() error {
	return fmt.Errorf("this is no backup of servicedesk, or %w at its beginning", ErrDamaged)
}

// describe reads the first entry.
func (r *reader) describe(ctx context.Context, name string, content []byte) error {
	d := &r.contents.Description
	if name != descriptionName || json.Unmarshal(content, d) != nil || d.Format < 1 || d.Schema < 1 {
		return noBackup()
	}
	newest, err := store.NewestVersion()
	if err != nil {
		return err
	}
	if d.Format > Format || d.Schema > newest {
		return fmt.Errorf("the backup was made by a newer program (%s, form %d, schema version %d; this one knows form %d and schema version %d): use that one",
			d.Program, d.Format, d.Schema, Format, newest)
	}
	tables, err := store.Tables(ctx, d.Schema)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(tables, d.Tables) {
		return r.damaged("the tables are not those of its schema version")
	}
	for range tables {
		r.sums = append(r.sums, &tally{hash: sha256.New()})
	}
	return nil
}

// rows reads a chunk: the next one of its table, or the first one of a later table.
func (r *reader) rows(name string, content []byte) error {
	table, chunk := r.table, r.chunk
	for i := range r.contents.Tables {
		switch {
		case i+1 == table && name == chunkName(i, r.contents.Tables[i].Name, chunk+1):
			r.chunk++
		case i+1 > table && name == chunkName(i, r.contents.Tables[i].Name, 1):
			r.table, r.chunk = i+1, 1
		default:
			continue
		}
		return r.unpackRows(i, content)
	}
	return r.damaged("rows that are not in their place: " + name)
}

func (r *reader) unpackRows(table int, content []byte) (err error) {
	if r.raw, err = r.unpack.DecodeAll(content, r.raw[:0]); err != nil {
		return r.damaged("rows cannot be unpacked: " + err.Error())
	}
	t, sums := r.contents.Tables[table], r.sums[table]
	sums.hash.Write(r.raw)
	values := make([]any, len(t.Columns))
	for rest := r.raw; len(rest) > 0; {
		if rest, err = takeRow(t, rest, values); err != nil {
			return r.damaged("a row of the table " + t.Name + " cannot be read")
		}
		sums.rows++
		r.done.Rows++
		if err := r.note(t, values); err != nil {
			return err
		}
		if r.visit.row != nil {
			if err := r.visit.row(t, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// note keeps what of a row concerns more than its table.
func (r *reader) note(t store.Table, values []any) error {
	column := func(name string) any {
		for i, c := range t.Columns {
			if c.Name == name {
				return values[i]
			}
		}
		return nil
	}
	switch t.Name {
	case "attachment":
		return r.named.add(column("sha256").(string))
	case "data_key":
		r.contents.DataKeys = append(r.contents.DataKeys,
			auth.WrappedKey{ID: column("id").(int64), Purpose: column("purpose").(string), Wrapped: column("wrapped").(string)})
	case "sequencer":
		r.contents.Sums.Audit = ChainHead{Number: column("audit_number").(int64), MAC: column("audit_mac").(string)}
	}
	return nil
}

// blob takes an encrypted blob.
func (r *reader) blob(entry string, sealed []byte) error {
	name := entry[strings.LastIndexByte(entry, '/')+1:]
	if err := r.found.add(name); err != nil || blobName(name) != entry {
		return r.damaged("an entry of the unknown name " + entry)
	}
	r.contents.Sums.Blobs.Count++
	r.contents.Sums.Blobs.Bytes += int64(len(sealed))
	r.done.Blobs++
	if r.visit.blob == nil {
		return nil
	}
	return r.visit.blob(name, sealed)
}

// finish compares the rest of the file, from the header of the sums on, with what it must be.
func (r *reader) finish(head []byte) error {
	c := r.contents
	for i, t := range c.Tables {
		c.Sums.Tables = append(c.Sums.Tables, r.sums[i].sum(t.Name))
	}
	c.Sums.SHA256 = hex.EncodeToString(r.sum.Sum(nil))
	text, err := words(c.Sums)
	if err != nil {
		return err
	}
	want, err := header(sumsName, int64(len(text)))
	if err != nil {
		return err
	}
	want = bytes.Join([][]byte{want, text, padding(int64(len(text))), end()}, nil)
	rest, err := io.ReadAll(io.LimitReader(r.from, int64(len(want))))
	if err != nil {
		return err
	}
	got := append(head, rest...)
	switch {
	case len(got) < len(want) && bytes.HasPrefix(want, got):
		return io.ErrUnexpectedEOF
	case !bytes.Equal(got, want):
		return r.damaged("the sums do not hold: something in the file is not as it was written")
	case c.WithKey != (c.Key != nil):
		return r.damaged("the master key is not where the description says")
	case !r.named.equal(&r.found):
		return r.damaged("the files in it are not those that its attachments name")
	}
	c.Bytes = r.done.Bytes + int64(len(want))
	return nil
}

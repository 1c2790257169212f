package sociomile

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/mask"
)

// Column is what a column of the provider's export holds.
type Column string

// The columns that are looked at.
const (
	OurNumber      Column = "number" // ours: nomorTicketHelpdesk
	ProviderID     Column = "id"     // the provider's id
	ProviderNumber Column = "ticket" // the provider's number
	ProviderStatus Column = "status" // the provider's word
)

// guesses are the names that columns usually have, the surest first, in small letters and without what is between them.
func guesses() map[Column][]string {
	return map[Column][]string{
		OurNumber:      {"nomortickethelpdesk", "nomortikethelpdesk", "notickethelpdesk", "notikethelpdesk", "helpdeskticketnumber", "helpdeskticket", "bsgticketid", "bsgticket"},
		ProviderID:     {"sociomileticketid", "ticketid", "idticket", "idtiket", "id"},
		ProviderNumber: {"ticketnumber", "nomorticket", "nomortiket", "ticketno", "noticket", "notiket"},
		ProviderStatus: {"ticketstatus", "statusticket", "statustiket", "status"},
	}
}

// Columns says where the columns are, from 0. Of OurNumber it has to be said.
type Columns map[Column]int

// String words columns as Find reads them, by their places.
func (c Columns) String() string {
	var parts []string
	for _, column := range []Column{OurNumber, ProviderID, ProviderNumber, ProviderStatus} {
		if at, found := c[column]; found {
			parts = append(parts, string(column)+"="+strconv.Itoa(at+1))
		}
	}
	return strings.Join(parts, ",")
}

// How large what is read may be, so that a damaged file cannot take all memory.
const (
	mostOfRow    = 1 << 20 // bytes
	mostStatuses = 1000    // different ones
	longestID    = 255     // bytes
)

// Sheet is the provider's export while it is read: rows of text below a line of names.
type Sheet struct {
	Header []string
	rows   *csv.Reader
	row    *rowLimit
	before int // lines before the names
}

// rowLimit ends a row that has no end: a quote that is not closed would make one of the whole file.
type rowLimit struct {
	from io.Reader
	left int
}

var errLongRow = errors.New("a row is longer than 1 MB: a quote that opens in it is not closed")

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRow
	}
	n, err := l.from.Read(p)
	l.left -= n
	return n, err
}

// OpenSheet begins to read an export of comma, semicolon or tab separated values in UTF-8 or Windows-1252. Without a separator
// (0) it is the one that the line of names has most of. The error says what is wrong with the file.
func OpenSheet(r io.Reader, separator rune) (*Sheet, error) {
	limit := &rowLimit{from: r, left: mostOfRow}
	s := &Sheet{row: limit}
	buffered := bufio.NewReaderSize(limit, 64<<10)
	start, err := buffered.Peek(4096)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte{0xFF, 0xFE}) || bytes.HasPrefix(start, []byte{0xFE, 0xFF}) {
		return nil, errors.New("the file is UTF-16: save it as CSV in UTF-8")
	}
	if bytes.HasPrefix(start, []byte("PK\x03\x04")) {
		return nil, errors.New("the file is a workbook: save the sheet as CSV in UTF-8")
	}
	if mark := []byte("\xEF\xBB\xBF"); bytes.HasPrefix(start, mark) {
		start = start[len(mark):]
		_, _ = buffered.Discard(len(mark)) // they were seen
	}
	if line, _, _ := bytes.Cut(start, []byte("\n")); len(line) >= 5 && bytes.HasPrefix(line, []byte("sep=")) { // of Excel
		separator = cmp.Or(separator, rune(line[4]))
		_, _ = buffered.Discard(len(line) + 1)
		s.before++
		start = start[min(len(start), len(line)+1):]
	}
	s.rows = csv.NewReader(buffered)
	s.rows.Comma, s.rows.FieldsPerRecord = cmp.Or(separator, mostFrequent(start)), -1
	s.Header, err = s.next()
	if err == io.EOF {
		return nil, errors.New("the file is empty")
	}
	return s, err
}

// mostFrequent is the separator that the first line has most of, outside of quotes.
func mostFrequent(start []byte) rune {
	counts, quoted := map[byte]int{}, false
	for _, b := range start {
		if b == '"' {
			quoted = !quoted
		}
		if !quoted && (b == '\n' || b == '\r') {
			break
		}
		if !quoted {
			counts[b]++
		}
	}
	return rune(slices.MaxFunc([]byte{',', ';', '\t'}, func(a, b byte) int { return cmp.Compare(counts[a], counts[b]) }))
}

// next reads a row, its cells without space around them and without what a terminal would obey.
func (s *Sheet) next() ([]string, error) {
	s.row.left = mostOfRow
	row, err := s.rows.Read()
	for i := range row {
		row[i] = strings.TrimSpace(mask.Showable(windows1252(row[i])))
	}
	return row, err
}

// high are the characters that Windows-1252 has at 0x80 to 0x9F.
const high = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// windows1252 is a text of which not even the form is UTF-8.
func windows1252(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	above := []rune(high)
	out := make([]rune, 0, len(text))
	for i := range len(text) {
		r := rune(text[i])
		if r >= 0x80 && r <= 0x9F {
			r = above[r-0x80]
		}
		out = append(out, r)
	}
	return string(out)
}

// Guess finds columns by their usual names.
func (s *Sheet) Guess() Columns {
	found := Columns{}
	for column, names := range guesses() {
		for _, name := range names {
			at := slices.IndexFunc(s.Header, func(h string) bool { return bare(h) == name })
			if at >= 0 {
				found[column] = at
				break
			}
		}
	}
	return found
}

// bare is a name in small letters without what is between them.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// Find reads which columns hold what: number=…,id=…,ticket=…,status=…, each by its name or its place from 1. The error is for
// who wrote it.
func (s *Sheet) Find(spec string) (Columns, error) {
	found := Columns{}
	for part := range strings.SplitSeq(spec, ",") {
		what, name, _ := strings.Cut(part, "=")
		column := Column(strings.TrimSpace(what))
		if guesses()[column] == nil {
			return nil, fmt.Errorf("%q is none of number=…, id=…, ticket=…, status=…", part)
		}
		at, err := s.place(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		if _, twice := found[column]; twice {
			return nil, fmt.Errorf("%s is there twice", column)
		}
		found[column] = at
	}
	if _, given := found[OurNumber]; !given {
		return nil, errors.New("number=… is needed: the column with the bank's own ticket number")
	}
	return found, nil
}

// place is where the column of a name is, or of a place from 1.
func (s *Sheet) place(name string) (int, error) {
	same := func(h string) bool { return strings.EqualFold(h, name) }
	at := slices.IndexFunc(s.Header, same)
	if at >= 0 && slices.ContainsFunc(s.Header[at+1:], same) {
		return 0, fmt.Errorf("several columns are named %q: name the one that is meant by its place, the first is 1", name)
	}
	if n, err := strconv.Atoi(name); at < 0 && err == nil && n >= 1 && n <= len(s.Header) {
		return n - 1, nil
	}
	if at < 0 {
		return 0, fmt.Errorf("there is no column %q; there are %q", name, s.Header)
	}
	return at, nil
}

// accountLike are numbers as accounts, cards and phones have them.
var accountLike = regexp.MustCompile(`[0-9][0-9 .-]{4,}[0-9]`)

// preview is how many rows are shown for people to see which column is which, and how much of each cell.
const (
	previewRows  = 5
	previewCells = 30 // characters
)

// Show prints the columns, what each probably holds, and the first rows; and returns what was guessed. In all but the columns
// that were guessed, long numbers show their last four digits only, and card numbers do so in every one.
func (s *Sheet) Show(to io.Writer) (Columns, error) {
	guess, probably := s.Guess(), map[int]Column{}
	for column, at := range guess {
		probably[at] = column
	}
	cells := make([][]string, len(s.Header))
	for range previewRows {
		row, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i, cell := range row[:min(len(row), len(cells))] {
			if probably[i] == "" {
				cell = accountLike.ReplaceAllStringFunc(cell, func(n string) string { return "****" + n[len(n)-4:] })
			}
			cells[i] = append(cells[i], mask.Beginning(cell, previewCells))
		}
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COLUMN\tNAME\tPROBABLY\tFIRST ROWS")
	for i, name := range s.Header {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", i+1, mask.Beginning(name, previewCells), probably[i], strings.Join(cells[i], " | "))
	}
	return guess, w.Flush()
}

// row is a row of an export with a number of ours. A million of them take 32 MB, and their ids as many bytes as they have.
type row struct {
	number, ticket int64
	id             uint32 // where it begins in the ids, and how long it is
	line           uint32
	length         uint8
	status         uint16 // of the statuses
}

// Export is what was read of the provider's tickets, in the order of our numbers.
type Export struct {
	Rows     int // in the file
	Foreign  int // of them without a number of ours: tickets that did not come from the desk
	Faulty   int
	rows     []row
	ids      []byte
	statuses []string
	columns  Columns
}

// Usable is how many rows have a number of ours.
func (x *Export) Usable() int { return len(x.rows) }

// Read reads all rows, and tells each that it cannot use. The error says why no more of the file can be read. After every row
// it calls progress with how many there were.
func (s *Sheet) Read(columns Columns, faulty func(line int, why error), progress func(rows int)) (*Export, error) {
	x := &Export{statuses: []string{""}, columns: columns}
	known := map[string]uint16{"": 0}
	for {
		cells, err := s.next()
		if err == io.EOF {
			break
		}
		line := s.before
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			line += wrong.StartLine
			err = wrong.Err
		} else if err != nil {
			return nil, err
		} else {
			at, _ := s.rows.FieldPos(0)
			line += at
			err = x.add(cells, line, len(s.Header), known)
		}
		if errors.Is(err, errTooMany) {
			return nil, err
		}
		if err != nil {
			x.Faulty++
			faulty(line, err)
		}
		x.Rows++
		progress(x.Rows)
	}
	slices.SortFunc(x.rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.line, b.line)) })
	return x, nil
}

var errTooMany = errors.New("the file holds more than can be compared: over 4 GB of ids, or over 1000 different statuses (is the column the right one?)")

// add keeps what is compared of a row.
func (x *Export) add(cells []string, line, width int, known map[string]uint16) error {
	if len(cells) != width {
		return fmt.Errorf("it has %d columns, and the line of names has %d", len(cells), width)
	}
	number, err := wholeNumber(x.cell(cells, OurNumber))
	if err != nil {
		return fmt.Errorf("our number: %w", err)
	}
	if number == 0 {
		x.Foreign++
		return nil
	}
	ticket, err := wholeNumber(x.cell(cells, ProviderNumber))
	if err != nil {
		return fmt.Errorf("the provider's number: %w", err)
	}
	id, word := x.cell(cells, ProviderID), x.cell(cells, ProviderStatus)
	if len(id) > longestID {
		return errors.New("the provider's id is too long to be one")
	}
	status, seen := known[word]
	if !seen {
		status = uint16(len(x.statuses))
		word = strings.Clone(word) // the row that it is part of goes
		known[word], x.statuses = status, append(x.statuses, word)
	}
	if len(x.statuses) > mostStatuses || len(x.ids)+len(id) > math.MaxUint32 || len(x.rows) >= math.MaxInt32 {
		return errTooMany
	}
	x.rows = append(x.rows, row{number, ticket, uint32(len(x.ids)), uint32(line), uint8(len(id)), status})
	x.ids = append(x.ids, id...)
	return nil
}

// cell is the cell of a column, without what Excel puts around a number that is text; empty when there is no such column.
func (x *Export) cell(cells []string, c Column) string {
	at, given := x.columns[c]
	if !given {
		return ""
	}
	text := cells[at]
	if inner, found := strings.CutPrefix(text, `="`); found {
		text = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.TrimPrefix(text, "'"))
}

// noDecimals are decimals that say nothing. Three digits would be thousands.
var noDecimals = regexp.MustCompile(`[.,]00?$`)

// wholeNumber reads a number as sheets write it; 0 for none. The error does not repeat it: it may be another column.
func wholeNumber(text string) (int64, error) {
	text = noDecimals.ReplaceAllString(text, "")
	if text == "" || text == "-" || text == "0" || strings.EqualFold(text, "null") {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n > 0 {
		return n, nil
	}
	if strings.ContainsAny(text, "eE") && strings.Trim(text, "0123456789.,eE+") == "" {
		return 0, errors.New("a spreadsheet has rounded it; export the column as text")
	}
	return 0, errors.New("it is no whole number")
}

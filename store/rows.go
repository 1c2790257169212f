package store

import (
	"strconv"
	"strings"
)

// rowCounts are how many rows one statement takes; of many rows most travel in the largest.
var rowCounts = [...]int{mostRows, 32, 16, 8, 4, 2, 1}

const mostRows = 64

// manyRows is a statement over a list of rows, with one text for each of rowCounts: few texts, so that each is prepared
// once.
type manyRows struct {
	columns int
	texts   [len(rowCounts)]string
}

// overRows makes the texts of a statement: before, the rows, after.
func overRows(before string, columns int, types []string, after string) manyRows {
	m := manyRows{columns: columns}
	for i, count := range rowCounts {
		m.texts[i] = before + rowList(count, columns, types) + after
	}
	return m
}

// rowList is a list of rows of placeholders: `($1, $2), ($3, $4)`. With types each value is cast: a list of rows that
// stands alone says nothing of them.
func rowList(rows, columns int, types []string) string {
	var b strings.Builder
	for n := range rows * columns {
		switch {
		case n == 0:
			b.WriteString("(")
		case n%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		value := "$" + strconv.Itoa(n+1)
		if types != nil {
			value = "CAST(" + value + " AS " + types[n%columns] + ")"
		}
		b.WriteString(value)
	}
	return b.String() + ")"
}

// covering is the text of the least rows that are not fewer than count, and how many those are.
func (m manyRows) covering(count int) (text string, rows int) {
	i := len(rowCounts) - 1
	for rowCounts[i] < count {
		i--
	}
	return m.texts[i], rowCounts[i]
}

// inserting makes the statement that stores rows of columns.
func inserting(table, columns, after string) manyRows {
	return overRows("INSERT INTO "+table+" ("+columns+") VALUES ", strings.Count(columns, ",")+1, nil, after)
}

// execRows runs a statement over rows, of which row gives the n-th.
func (tx *Tx) execRows(m manyRows, count int, row func(n int) []any) {
	done := 0
	for i, size := range rowCounts {
		for ; count-done >= size; done += size {
			args := make([]any, 0, size*m.columns)
			for n := range size {
				args = append(args, row(done+n)...)
			}
			tx.exec(m.texts[i], args...)
		}
	}
}

// eachOfRows is each for a query over rows, of which give gives the n-th.
func (tx *Tx) eachOfRows(m manyRows, count int, give func(n int) []any, row func(scan func(dest ...any) error) error) error {
	done := 0
	for i, size := range rowCounts {
		for ; count-done >= size; done += size {
			args := make([]any, 0, size*m.columns)
			for n := range size {
				args = append(args, give(done+n)...)
			}
			if err := tx.each(m.texts[i], args, row); err != nil {
				return err
			}
		}
	}
	return nil
}

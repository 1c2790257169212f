package sql

import (
	"strconv"
	"strings"
)

// rowCounts are how many rows one statement takes; of many rows most travel in the largest.
var rowCounts = [...]int{Most, 32, 16, 8, 4, 2, 1}

// Most is how many rows one statement takes at most.
const Most = 64

// Many is a statement over a list of rows, with one text for each of rowCounts: few texts, so that each is prepared
// once.
type Many struct {
	columns int
	texts   [len(rowCounts)]string
}

// Over makes the texts of a statement: before, the rows, after.
func Over(before string, columns int, types []string, after string) Many {
	m := Many{columns: columns}
	for i, count := range rowCounts {
		m.texts[i] = before + List(count, columns, types) + after
	}
	return m
}

// List is a list of rows of placeholders: `($1, $2), ($3, $4)`. With types each value is cast: a list of rows that
// stands alone says nothing of them.
func List(rows, columns int, types []string) string {
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

// Covering is the text of the least rows that are not fewer than count, and how many those are.
func (m Many) Covering(count int) (text string, rows int) {
	i := len(rowCounts) - 1
	for rowCounts[i] < count {
		i--
	}
	return m.texts[i], rowCounts[i]
}

// Columns is how many values a row has.
func (m Many) Columns() int { return m.columns }

// Inserting makes the statement that stores rows of columns.
func Inserting(table, columns, after string) Many {
	return Over("INSERT INTO "+table+" ("+columns+") VALUES ", strings.Count(columns, ",")+1, nil, after)
}

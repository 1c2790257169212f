// Package reference holds the reference data of a new installation, as tables.
package reference

import (
	"embed"
	"encoding/csv"
	"fmt"
)

//go:embed *.csv
var files embed.FS

// Rows reads a table without its heading.
func Rows(file string) ([][]string, error) {
	f, err := files.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("reference data %s cannot be read: %w", file, err)
	}
	return rows[1:], nil
}

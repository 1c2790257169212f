package api

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// decodeBase64 reads standard, padded base64 without line breaks.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("line breaks in base64")
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}

// decodedBytes is how many bytes a base64 text stands for; of what is no base64, about as many.
func decodedBytes(text string) int64 {
	last := text[max(0, len(text)-2):]
	padding := len(last) - len(strings.TrimRight(last, "="))
	return int64(len(text)/4*3 - padding)
}

// attachedBytes is how many bytes the attachments of a body stand for together.
func attachedBytes(body web.Value) (n int64) {
	files, _ := body.Get("attachments")
	for _, file := range files.Items() {
		content, _ := file.Get("content")
		n += decodedBytes(content.Text())
	}
	return n
}

// declaredSize reads the size that a file says it has; -1 when it says none.
func declaredSize(f *web.Fields, faults *desk.Faults) int64 {
	literal, ok := f.Number("size")
	if !ok {
		return -1
	}
	amount, err := desk.ParseAmount(literal)
	if err != nil || amount < 0 || amount%100 != 0 {
		faults.Add(f.Path("size"), desk.MustBeWhole, "0", strconv.Itoa(desk.MaxAttachment))
		return -1
	}
	return int64(amount / 100)
}

// readWhole reads a whole number within bounds.
func readWhole(f *web.Fields, name string, otherwise, from, to int, faults *desk.Faults) int {
	literal, ok := f.Number(name)
	if !ok {
		return otherwise
	}
	amount, err := desk.ParseAmount(literal)
	n := int(amount / 100)
	if err != nil || amount%100 != 0 || n < from || n > to {
		faults.Add(f.Path(name), desk.MustBeWhole, strconv.Itoa(from), strconv.Itoa(to))
		return otherwise
	}
	return n
}

// readAmount reads an amount of money exactly; given is false when it is absent or at fault.
func readAmount(f *web.Fields, name string, faults *desk.Faults) (amount desk.Amount, given bool) {
	literal, ok := f.Number(name)
	if !ok {
		return 0, false
	}
	amount, err := desk.ParseAmount(literal)
	switch {
	case errors.Is(err, desk.ErrAmountDecimals):
		faults.Add(f.Path(name), desk.MustBeDecimals, "2")
	case err != nil && strings.HasPrefix(literal, "-"):
		faults.Add(f.Path(name), desk.MustBePositive)
	case err != nil:
		faults.Add(f.Path(name), desk.ExceedsMaximum)
	}
	return amount, true
}

// stamp is a time on the wire, or null when it has not happened.
func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return text(desk.FormatTime(t))
}

// text is a text on the wire, or null when it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// number is a ticket number on the wire.
func number(n int64) string { return strconv.FormatInt(n, 10) }

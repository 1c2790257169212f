package store_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// seeded opens a store with the reference data and the system user of a new installation.
func seeded(t *testing.T, e desktest.Engine) *store.Store {
	t.Helper()
	s := open(t, e)
	seedAgain(t, s)
	write(t, s, func(tx *store.Tx) {
		tx.InsertAgent(desk.Agent{ID: "system", Email: "system", Name: desk.SystemName, Role: desk.RoleSystem, Active: true}, false)
	})
	return s
}

func seedAgain(t *testing.T, s *store.Store) {
	t.Helper()
	check(t, s.Write(t.Context(), (*store.Tx).SeedReference))
}

func TestANewInstallationHasTheBanksReferenceData(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := seeded(t, e)
		r := read(t, s, (*store.Tx).Reference)
		for what, got := range map[string][2]int{
			"services": {len(r.Services), 14}, "groups": {len(r.Groups), 11}, "branches": {len(r.Branches), 53}, "amount rules": {len(r.Amounts), 3},
			"entries of the catalogue": {len(r.Catalogue), 5 * 4}, "days on which the bank is closed": {len(r.Calendars[desk.DefaultCalendar().Code].Closed), len(desk.ClosedDays(desk.DefaultHolidays()))},
		} {
			if got[0] != got[1] {
				t.Errorf("there are %d %s, want %d", got[0], what, got[1])
			}
		}
		if !r.SystemUser {
			t.Error("the system user is missing")
		}
		for _, kind := range desk.ServiceTypes {
			if r.Services[kind].Group.Name == "" {
				t.Errorf("the service %s has no group", kind)
			}
		}
		seedAgain(t, s)
		if diff := cmp.Diff(r, read(t, s, (*store.Tx).Reference), sameZone); diff != "" {
			t.Errorf("seeding a second time changed (-before +after):\n%s", diff)
		}
	})
}

// sameZone compares time zones by their names.
var sameZone = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })

func TestReferenceDataSaysWhatTheBankSaid(t *testing.T) {
	t.Parallel()
	r := read(t, seeded(t, desktest.SQLite), (*store.Tx).Reference)
	claims := desk.Group{Code: "TRANSACTION_CLAIMS_SUPPORT", Name: "Transaction Claims Support"}
	dispute := desk.Service{Type: "DISPUTE", Name: "Transaction Dispute", NameID: "Sanggahan Transaksi", Group: claims, Priority: desk.High, Category: "INCIDENT",
		Policy: desk.Policy{ResolutionHours: 72, ResponsePercent: 25, EscalationPercent: 75}, Confidential: true, Title: "Transaction Dispute - {name}",
		Recommended: []string{"customer.identifier", "ticket.metadata.transactionId"}}
	if diff := cmp.Diff(dispute, r.Services["DISPUTE"]); diff != "" {
		t.Errorf("DISPUTE (-want +got):\n%s", diff)
	}
	if keep := r.Services["ACCOUNT_ISSUE"].KeepWhen; !slices.Equal(keep, []string{"cannotAccess", "accountLocked"}) {
		t.Errorf("ACCOUNT_ISSUE keeps its priority when %q", keep)
	}
	if team := r.Services["MOBILE_BANKING"].Group.TeamName(); team != "IT Support Team" {
		t.Errorf("MOBILE_BANKING is worked by %q", team)
	}
	western := []string{}
	for _, b := range r.Branches {
		if b.TimeZone == "Asia/Jakarta" {
			western = append(western, b.Code)
		}
	}
	slices.Sort(western)
	if diff := cmp.Diff([]string{"016", "021", "023", "024", "025", "026"}, western); diff != "" {
		t.Errorf("branches in WIB (-want +got):\n%s", diff)
	}
	for transaction, want := range map[desk.Transaction]string{
		{Media: "ATM", Type: "PEMBELIAN"}: "ATM - Prepaid Services", {Media: "TOUCH", Type: "TRANSFER"}: "BSGTouch - Transfers",
		{Media: "TOUCH"}: "BSGTouch (mobile app)", {Media: "QRIS"}: "BSG QRIS", {Media: "DEBIT", Type: "PEMBAYARAN"}: "BSGDebit/EDC",
	} {
		if got := r.Product(transaction); got != want {
			t.Errorf("the catalogue calls %v %q, want %q", transaction, got, want)
		}
	}
	want := []desk.AmountRule{{Source: "CLAIM", AtLeast: desk.Rupiahs(10_000_000), Priority: desk.High},
		{Source: "TICKET", AtLeast: desk.Rupiahs(50_000_000), Priority: desk.High}, {Source: "TICKET", AtLeast: desk.Rupiahs(100_000_000), Priority: desk.Critical}}
	if diff := cmp.Diff(want, r.Amounts); diff != "" {
		t.Errorf("amount rules (-want +got):\n%s", diff)
	}
}

func TestTheBusinessCalendarSurvivesBeingStored(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s, want := seeded(t, e), desk.DefaultCalendar()
		want.Closed = desk.ClosedDays(desk.DefaultHolidays())
		write(t, s, func(tx *store.Tx) {
			store.Do(tx, `INSERT INTO holiday (calendar, date, kind, name) VALUES ($1, '2024-01-01', 'P', 'Ulang tahun bank')`, want.Code)
		})
		first := desk.Date{Year: 2024, Month: 1, Day: 1}
		want.Closed[first] += ", Ulang tahun bank"
		got := read(t, s, (*store.Tx).Reference).Calendars
		if diff := cmp.Diff(map[string]desk.Calendar{want.Code: want}, got, sameZone); diff != "" {
			t.Errorf("calendars (-want +got):\n%s", diff)
		}
	})
}

func TestWhatAnOperatorChangedIsNotSeededOver(t *testing.T) {
	t.Parallel()
	s := seeded(t, desktest.SQLite)
	write(t, s, func(tx *store.Tx) {
		store.Do(tx, `UPDATE service SET resolution_hours = 5 WHERE type = 'CLAIM'`)
		store.Do(tx, `UPDATE catalogue SET entry = 'Ours' WHERE media = 'ATM' AND jenis = 'TRANSFER'`)
	})
	seedAgain(t, s)
	r := read(t, s, (*store.Tx).Reference)
	if hours, entry := r.Services["CLAIM"].Policy.ResolutionHours, r.Catalogue[desk.Transaction{Media: "ATM", Type: "TRANSFER"}]; hours != 5 || entry != "Ours" {
		t.Errorf("after seeding again a claim has %d hours and its entry is %q", hours, entry)
	}
}

func TestDamagedReferenceDataIsNamed(t *testing.T) {
	t.Parallel()
	for statement, part := range map[string]string{
		`UPDATE calendar SET week = 'nonsense'`:                          "seven days",
		`UPDATE calendar SET week = ',08:00-07:00,,,,,'`:                 "within a day",
		`UPDATE calendar SET week = ',25,,,,,'`:                          "not an interval",
		`UPDATE holiday SET date = 'tomorrow' WHERE date = '2024-01-01'`: "tomorrow",
	} {
		s := seeded(t, desktest.SQLite)
		write(t, s, func(tx *store.Tx) { store.Do(tx, statement) })
		err := s.Read(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Reference()
			return err
		})
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, want an error that names %q", statement, err, part)
		}
	}
}

func TestACalendarOfAnUnknownZoneIsOursInstead(t *testing.T) {
	t.Parallel()
	s := seeded(t, desktest.SQLite)
	write(t, s, func(tx *store.Tx) { store.Do(tx, `UPDATE calendar SET time_zone = 'Mars/Olympus'`) })
	for c := range maps.Values(read(t, s, (*store.Tx).Reference).Calendars) {
		if c.Location.String() != desk.WITA().String() {
			t.Errorf("the calendar counts in %s", c.Location)
		}
	}
}

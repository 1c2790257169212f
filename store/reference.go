package store

import (
	"fmt"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/reference"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// SeedReference stores the reference data of a new installation. What exists already stays as it is.
func (tx *Tx) SeedReference() error {
	seeds := []struct {
		file string
		into func(row []string) error
	}{
		{"groups.csv", tx.seedGroup}, {"services.csv", tx.seedService}, {"branches.csv", tx.seedBranch}, {"amounts.csv", tx.seedAmount},
		{"catalogue.csv", tx.seedCatalogue},
	}
	for _, seed := range seeds {
		rows, err := reference.Rows(seed.file)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := seed.into(row); err != nil {
				return fmt.Errorf("reference data %s, %q: %w", seed.file, row[0], err)
			}
		}
	}
	tx.seedCalendar(desk.DefaultCalendar(), desk.DefaultHolidays())
	return tx.sql.Err
}

func (tx *Tx) seedGroup(row []string) error {
	tx.sql.Exec(`INSERT INTO support_group (code, name, team) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING`, row[0], row[1], row[2])
	return nil
}

func (tx *Tx) seedService(row []string) error {
	hours, err := strconv.Atoi(row[6])
	if err != nil {
		return err
	}
	tx.sql.Exec(`INSERT INTO service (type, name, name_id, group_code, priority, category, resolution_hours, response_percent, escalation_percent, calendar, confidential, title, keep_when, recommended)
 VALUES ($1, $2, $3, $4, $5, $6, $7, 25, 75, '', $8, $9, $10, $11) ON CONFLICT (type) DO NOTHING`,
		row[0], row[1], row[2], row[3], row[4], row[5], hours, row[7] == "yes", row[8], row[9], row[10])
	return nil
}

func (tx *Tx) seedBranch(row []string) error {
	tx.sql.Exec(`INSERT INTO branch (code, name, time_zone) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING`, row[0], row[1], row[2])
	return nil
}

func (tx *Tx) seedAmount(row []string) error {
	rupiah, err := strconv.ParseInt(row[1], 10, 64)
	if err != nil {
		return err
	}
	tx.sql.Exec(`INSERT INTO amount_rule (source, at_least, priority) VALUES ($1, $2, $3) ON CONFLICT (source, at_least) DO NOTHING`,
		row[0], int64(desk.Rupiahs(rupiah)), row[2])
	return nil
}

func (tx *Tx) seedCatalogue(row []string) error {
	tx.sql.Exec(`INSERT INTO catalogue (media, jenis, product, entry) VALUES ($1, $2, $3, $4) ON CONFLICT (media, jenis) DO NOTHING`,
		row[0], row[1], row[2], row[3])
	return nil
}

func (tx *Tx) seedCalendar(c desk.Calendar, holidays []desk.Holiday) {
	tx.sql.Exec(`INSERT INTO calendar (code, name, time_zone, week) VALUES ($1, $2, $3, $4) ON CONFLICT (code) DO NOTHING`,
		c.Code, c.Name, c.Location.String(), desk.FormatWeek(c.Week))
	for _, h := range holidays {
		tx.sql.Exec(`INSERT INTO holiday (calendar, date, kind, name) VALUES ($1, $2, $3, $4) ON CONFLICT (calendar, date, name) DO NOTHING`,
			c.Code, h.Date.String(), h.Kind, h.Name)
	}
}

// Reference reads the reference data as it stands.
func (tx *Tx) Reference() (*desk.Reference, error) {
	r := &desk.Reference{
		Services: map[desk.ServiceType]desk.Service{}, Groups: map[string]desk.Group{},
		Branches: map[string]desk.Branch{}, Calendars: map[string]desk.Calendar{}, Catalogue: map[desk.Transaction]string{},
	}
	for _, read := range []func(*desk.Reference) error{tx.readSystemUser, tx.readGroups, tx.readServices, tx.readBranches, tx.readAmounts, tx.readCatalogue, tx.readCalendars, tx.readHolidays} {
		if err := read(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (tx *Tx) readSystemUser(r *desk.Reference) error {
	return tx.sql.One(`SELECT COUNT(*) > 0 FROM agent WHERE role = 'system' AND active`, nil, &r.SystemUser)
}

func (tx *Tx) readGroups(r *desk.Reference) error {
	return tx.sql.Each(`SELECT code, name, team FROM support_group`, nil, func(scan func(dest ...any) error) error {
		var g desk.Group
		err := scan(&g.Code, &g.Name, &g.Team)
		r.Groups[g.Code] = g
		return err
	})
}

func (tx *Tx) readServices(r *desk.Reference) error {
	return tx.sql.Each(`SELECT type, name, name_id, group_code, priority, category, resolution_hours, response_percent, escalation_percent, calendar, confidential, title, keep_when, recommended FROM service`,
		nil, func(scan func(dest ...any) error) error {
			var s desk.Service
			var group, keep, recommended string
			err := scan(&s.Type, &s.Name, &s.NameID, &group, &s.Priority, &s.Category, &s.Policy.ResolutionHours, &s.Policy.ResponsePercent,
				&s.Policy.EscalationPercent, &s.Policy.Calendar, &s.Confidential, &s.Title, &keep, &recommended)
			s.Group, s.KeepWhen, s.Recommended = r.Groups[group], sql.Split(keep), sql.Split(recommended)
			r.Services[s.Type] = s
			return err
		})
}

func (tx *Tx) readBranches(r *desk.Reference) error {
	return tx.sql.Each(`SELECT code, name, time_zone FROM branch`, nil, func(scan func(dest ...any) error) error {
		var b desk.Branch
		err := scan(&b.Code, &b.Name, &b.TimeZone)
		r.Branches[b.Code] = b
		return err
	})
}

func (tx *Tx) readAmounts(r *desk.Reference) error {
	return tx.sql.Each(`SELECT source, at_least, priority FROM amount_rule ORDER BY source, at_least`, nil, func(scan func(dest ...any) error) error {
		var rule desk.AmountRule
		err := scan(&rule.Source, (*int64)(&rule.AtLeast), &rule.Priority)
		r.Amounts = append(r.Amounts, rule)
		return err
	})
}

// readCatalogue reads what the bank calls each transaction of a medium, and the medium itself for all others.
func (tx *Tx) readCatalogue(r *desk.Reference) error {
	return tx.sql.Each(`SELECT media, jenis, product, entry FROM catalogue`, nil, func(scan func(dest ...any) error) error {
		var t desk.Transaction
		var product, entry string
		err := scan(&t.Media, &t.Type, &product, &entry)
		r.Catalogue[t], r.Catalogue[desk.Transaction{Media: t.Media}] = entry, product
		return err
	})
}

func (tx *Tx) readCalendars(r *desk.Reference) error {
	return tx.sql.Each(`SELECT code, name, time_zone, week FROM calendar`, nil, func(scan func(dest ...any) error) error {
		var c desk.Calendar
		var zone, week string
		err := scan(&c.Code, &c.Name, &zone, &week)
		if err != nil {
			return err
		}
		if c.Location, err = time.LoadLocation(zone); err != nil {
			c.Location = desk.WITA()
		}
		if c.Week, err = desk.ParseWeek(week); err != nil {
			return fmt.Errorf("calendar %s: %w", c.Code, err)
		}
		r.Calendars[c.Code] = c
		return nil
	})
}

func (tx *Tx) readHolidays(r *desk.Reference) error {
	holidays := map[string][]desk.Holiday{}
	err := tx.sql.Each(`SELECT calendar, date, kind, name FROM holiday ORDER BY calendar, date, name`, nil, func(scan func(dest ...any) error) error {
		var h desk.Holiday
		var code, day string
		err := scan(&code, &day, &h.Kind, &h.Name)
		if err != nil {
			return err
		}
		if h.Date, err = desk.ParseDate(day); err != nil {
			return fmt.Errorf("holiday of calendar %s: %w", code, err)
		}
		holidays[code] = append(holidays[code], h)
		return nil
	})
	for code, c := range r.Calendars {
		c.Closed = desk.ClosedDays(holidays[code])
		r.Calendars[code] = c
	}
	return err
}

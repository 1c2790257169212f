package demo

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
)

//go:embed *.csv
var tables embed.FS

// row is a line of a table, by the names of its columns.
type row map[string]string

// story is what is told, as tables: who there is, what customers asked for, and what became of it.
type story struct {
	agents, partners, claims, tickets, steps []row
}

func readStory() (*story, error) {
	s := &story{}
	for name, rows := range map[string]*[]row{"agents": &s.agents, "partners": &s.partners, "claims": &s.claims, "tickets": &s.tickets, "steps": &s.steps} {
		var err error
		if *rows, err = readTable(name); err != nil {
			return nil, fmt.Errorf("demo data %s: %w", name, err)
		}
	}
	return s, nil
}

// readTable reads a table whose first line names the columns.
func readTable(name string) ([]row, error) {
	file, err := tables.Open(name + ".csv")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, line := range lines[1:] {
		r := row{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// scene is one thing that happens in the story.
type scene struct {
	at   time.Time
	what string // for errors
	do   func(ctx context.Context, t *teller) error
}

// scenes puts everything that happens in the order of time. A step follows the one before it of its ticket.
func (s *story) scenes(now time.Time) ([]scene, error) {
	var scenes []scene
	last := map[string]time.Time{}
	begin := func(rows []row, open func(*teller, context.Context, row, time.Time) error) error {
		for _, r := range rows {
			at, err := moment(r["when"], now)
			if err != nil {
				return fmt.Errorf("ticket %s: %w", r["ticket"], err)
			}
			last[r["ticket"]] = at
			scenes = append(scenes, scene{at, "ticket " + r["ticket"], func(ctx context.Context, t *teller) error { return open(t, ctx, r, at) }})
		}
		return nil
	}
	if err := cmp.Or(begin(s.claims, (*teller).openClaim), begin(s.tickets, (*teller).openTicket)); err != nil {
		return nil, err
	}
	for _, r := range s.steps {
		after, err := time.ParseDuration(r["after"])
		if err != nil {
			return nil, fmt.Errorf("step of ticket %s: %w", r["ticket"], err)
		}
		at := last[r["ticket"]].Add(after)
		last[r["ticket"]] = at
		scenes = append(scenes, scene{at, r["what"] + " on ticket " + r["ticket"], func(ctx context.Context, t *teller) error { return t.step(ctx, r) }})
	}
	slices.SortStableFunc(scenes, func(a, b scene) int { return a.at.Compare(b.at) })
	return scenes, nil
}

// moment reads when a ticket begins: `-3d 08:20`, that many days ago at a time of day in WITA, or `-2h10m`, so long ago.
func moment(when string, now time.Time) (time.Time, error) {
	day, clock, found := strings.Cut(when, "d ")
	if !found {
		ago, err := time.ParseDuration(when)
		return now.Add(ago), err
	}
	days, err := strconv.Atoi(day)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse("15:04", clock)
	y, m, d := now.In(desk.WITA()).Date()
	return time.Date(y, m, d+days, t.Hour(), t.Minute(), 0, 0, desk.WITA()), err
}

// teller tells the story by the same verbs that partners and employees use.
type teller struct {
	Options
	partners map[string]desk.Actor
	agents   map[string]desk.Actor
	emails   map[string]string // of agents
	tickets  map[string]toldTicket
}

// toldTicket is a ticket of the story as the desk knows it.
type toldTicket struct {
	number  string
	partner desk.Actor
}

// numberedAtOnce is after how many scenes events get their place in the feed: few enough that one run of the sequencer
// takes all of them, in the order of time.
const numberedAtOnce = 100

func (t *teller) tell(ctx context.Context, s *story, now time.Time) error {
	scenes, err := s.scenes(now)
	if err != nil {
		return err
	}
	t.at(now.AddDate(0, 0, -30))
	if err := t.introduce(ctx, s); err != nil {
		return err
	}
	for i, sc := range scenes {
		t.at(sc.at)
		if err := sc.do(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", sc.what, err)
		}
		if i%numberedAtOnce == 0 || i == len(scenes)-1 {
			if err := t.Number(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// at sets the desk's clock.
func (t *teller) at(moment time.Time) { t.Clock.fixed.Store(&moment) }

// introduce makes the partners, each with a key, and the agents.
func (t *teller) introduce(ctx context.Context, s *story) error {
	for _, r := range s.partners {
		permissions, err := desk.ParsePermissions(r["permissions"])
		if err != nil {
			return err
		}
		created, err := t.App.CreateKey(ctx, t.Operator, app.NewKey{Name: r["name"], Permissions: permissions, Rate: 20})
		if err != nil {
			return err
		}
		k := created.Key
		t.partners[r["partner"]] = desk.Actor{Kind: desk.ByPartner, ID: k.ID, Name: k.Name, PartnerID: k.PartnerID, PartnerName: k.PartnerName, Permissions: k.Permissions}
	}
	t.emails = map[string]string{}
	for _, r := range s.agents {
		agent, err := t.App.CreateAgent(ctx, t.Operator, desk.Agent{Email: r["email"], Name: r["name"], Role: desk.Role(r["role"]),
			Groups: strings.FieldsFunc(r["groups"], func(c rune) bool { return c == ';' }), Branch: r["branch"], Language: desk.Indonesian, Password: t.Password}, false)
		if err != nil {
			return err
		}
		t.agents[r["agent"]], t.emails[r["agent"]] = manager(agent), agent.Email
	}
	return nil
}

func (t *teller) openClaim(ctx context.Context, r row, at time.Time) error {
	nominal, err := desk.ParseAmount(r["nominal"])
	if err != nil {
		return err
	}
	partner := t.partners[r["partner"]]
	opened, err := t.App.OpenClaim(ctx, partner, desk.ClaimDraft{
		NamaNasabah: r["name"], MediaTransaksi: desk.Media(r["media"]), JenisTransaksi: desk.TransactionType(r["jenis"]),
		Nominal: nominal, NominalGiven: true, NomorRekening: r["account"], NomorKartu: r["card"], ClaimReason: r["reason"],
		ClaimDate: desk.FormatTime(at.Add(-time.Hour)), TransactionID: r["transaction"], ReferenceNumber: r["refno"], ATMID: r["atm"],
		Description: r["description"], ChannelReference: r["reference"],
	}, app.Once[app.Opened]{})
	return t.remember(r, partner, opened, err)
}

func (t *teller) openTicket(ctx context.Context, r row, _ time.Time) error {
	metadata, err := parseMetadata(r["metadata"])
	if err != nil {
		return err
	}
	draft := desk.TicketDraft{
		Channel: desk.Channel(r["channel"]), ChannelReference: r["reference"], ServiceType: desk.ServiceType(r["service"]),
		Customer: desk.Customer{Name: r["name"], Email: r["email"], Phone: r["phone"], Identifier: r["identifier"], BranchCode: r["branch"], Language: "id"},
		Title:    r["title"], Description: r["description"], Priority: desk.Priority(r["priority"]), Metadata: metadata,
	}
	if name := r["file"]; name != "" {
		file, err := makeFile(name, r["title"])
		if err != nil {
			return err
		}
		draft.Attachments = []desk.Attachment{file}
	}
	partner := t.partners[r["partner"]]
	opened, err := t.App.OpenTicket(ctx, partner, draft, app.Once[app.Opened]{})
	return t.remember(r, partner, opened, err)
}

func (t *teller) remember(r row, partner desk.Actor, opened app.Opened, err error) error {
	if err == nil {
		t.tickets[r["ticket"]] = toldTicket{number: strconv.FormatInt(opened.Ticket.Number, 10), partner: partner}
	}
	return err
}

// step does what somebody did to a ticket: the customer by way of the partner, an agent as an employee.
func (t *teller) step(ctx context.Context, r row) error {
	about, known := t.tickets[r["ticket"]]
	who, isAgent := t.agents[r["who"]]
	if !isAgent {
		who = about.partner
	}
	if !known || !isAgent && r["who"] != "customer" {
		return fmt.Errorf("ticket %q or person %q is not in the story", r["ticket"], r["who"])
	}
	change := app.Change{Ticket: about.number}
	var err error
	switch what, value, text := r["what"], r["value"], r["text"]; what {
	case "status":
		_, err = t.App.ChangeStatus(ctx, who, change, desk.Status(value), text)
	case "comment", "note":
		_, err = t.App.AddComment(ctx, who, change, app.NewComment{Content: text, Internal: what == "note"})
	case "assign":
		_, err = t.App.Assign(ctx, who, change, app.Assignment{Assignee: t.emails[value], GivenAgent: true})
	case "group":
		_, err = t.App.Assign(ctx, who, change, app.Assignment{GroupCode: value})
	case "priority":
		_, err = t.App.SetPriority(ctx, who, change, desk.Priority(value))
	case "attach":
		var file desk.Attachment
		if file, err = makeFile(value, text); err == nil {
			_, err = t.App.Attach(ctx, who, change, []desk.Attachment{file})
		}
	default:
		err = fmt.Errorf("%q is nothing that can be done", what)
	}
	return err
}

// parseMetadata reads `name=value; name=value`. Amounts are numbers, what is true is a flag.
func parseMetadata(text string) (desk.Metadata, error) {
	m := desk.Metadata{Texts: map[string]string{}, Flags: map[string]bool{}}
	object := []byte{'{'}
	for pair := range strings.SplitSeq(text, "; ") {
		name, value, found := strings.Cut(pair, "=")
		if !found {
			continue
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(desk.AppendJSONString(object, name), ':')
		m.Texts[name] = value
		switch {
		case value == "true":
			m.Flags[name] = true
			object = append(object, value...)
		case slices.Contains([]string{"nominal", "claimAmount", "disputeAmount"}, name):
			amount, err := desk.ParseAmount(value)
			if err != nil {
				return m, err
			}
			m.Amount = max(m.Amount, amount)
			object = append(object, value...)
		default:
			object = desk.AppendJSONString(object, value)
		}
	}
	m.JSON = string(append(object, '}'))
	return m, nil
}

// makeFile makes an attachment: a picture, or a text for other names than those of pictures.
func makeFile(name, about string) (desk.Attachment, error) {
	content, kind := []byte("CONTOH DOKUMEN\n\n"+about+"\n"), "text/plain"
	if path.Ext(name) == ".png" {
		var b bytes.Buffer
		if err := png.Encode(&b, drawPicture(name)); err != nil {
			return desk.Attachment{}, err
		}
		content, kind = b.Bytes(), "image/png"
	}
	return desk.Attachment{Filename: name, MIME: kind, Size: int64(len(content)), DeclaredSize: int64(len(content)), Content: content, Description: about}, nil
}

// drawPicture draws lines of blocks, as a receipt looks from far away; the name decides which.
func drawPicture(name string) image.Image {
	h := fnv.New64a()
	h.Write([]byte(name))
	pattern := h.Sum64()
	picture := image.NewGray(image.Rect(0, 0, 160, 240))
	for y := range 240 {
		for x := range 160 {
			shade := color.Gray{Y: 250}
			line, word := y/12, x/10
			if y%12 < 6 && x > 12 && x < 148 && pattern>>((line*7+word*3)%61)&1 == 1 {
				shade.Y = 60
			}
			picture.SetGray(x, y, shade)
		}
	}
	return picture
}

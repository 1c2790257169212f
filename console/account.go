package console

import (
	"html/template"
	"strconv"
	"strings"

	"rsc.io/qr"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// accountPage is what the reader's own page shows.
type accountPage struct {
	Session   staff.Session
	Sessions  []staff.Session
	CodesLeft int
	Groups    []string
	Faults    map[string]string
	For       string // the form that the faults are about
}

// account shows the reader's own page.
func (s *Server) account(r *request) (web.Answer, error) { return s.showAccount(r, "", nil) }

// showAccount shows the page, with what was wrong with one of its forms.
func (s *Server) showAccount(r *request, form string, refused *desk.Error) (web.Answer, error) {
	p := accountPage{Session: r.session, For: form, Faults: map[string]string{}}
	if refused != nil {
		p.Faults, _ = r.faultsOf(refused)
	}
	var err error
	if p.Sessions, err = s.staff.Sessions(r.Context(), r.session); err != nil {
		return web.Answer{}, err
	}
	if r.session.HasFactor {
		if p.CodesLeft, err = s.staff.RecoveryCodesLeft(r.Context(), r.session); err != nil {
			return web.Answer{}, err
		}
	}
	for _, code := range r.session.Agent.Groups {
		p.Groups = append(p.Groups, s.app.Reference().Groups[code].Name)
	}
	page := page{Title: r.words.t("Akun dan sesi"), Nav: "account", Data: p}
	if refused != nil {
		return r.refuse(refused, "account", page)
	}
	return r.showWith(200, "account", page)
}

// own does what a form of the account asks for, and says so, or shows what was wrong.
func (s *Server) own(r *request, form, done string, err error) (web.Answer, error) {
	if e, refused := refusal(err); refused {
		return s.showAccount(r, form, e)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.done("/account", done), nil
}

func (s *Server) setLanguage(r *request) (web.Answer, error) {
	if err := s.staff.SetLanguage(r.Context(), r.session, desk.Language(r.form.Get("language"))); err != nil {
		return web.Answer{}, err
	}
	return r.redirect("/account"), nil
}

// setAway notes whether the reader is absent, and gives back the reader's tickets when that is wanted with it.
func (s *Server) setAway(r *request) (web.Answer, error) {
	away := r.form.Get("away") == "yes"
	if err := s.staff.SetAway(r.Context(), r.visitor, r.session, away); err != nil || !away || r.form.Get("return") != "yes" {
		return s.own(r, "away", "away", err)
	}
	done, err := s.staff.ReturnTickets(r.Context(), r.actor, r.actor.ID)
	if err != nil {
		return web.Answer{}, err
	}
	r.session.Agent.Away = true
	return s.showReturned(r, returnedPage{Returned: done, Again: r.URL.Path, Back: "/account"})
}

// password shows the form for somebody whose password is known to others too.
func (s *Server) password(r *request) (web.Answer, error) {
	return r.show("password", r.words.t("Kata sandi baru"), accountPage{Session: r.session, Faults: map[string]string{}})
}

// changePassword changes the reader's password.
func (s *Server) changePassword(r *request) (web.Answer, error) {
	forced := r.session.MustChange
	err := desk.Faults{{Path: "again", Text: desk.PasswordDiffers}}.Err()
	if r.form.Get("again") == r.form.Get("password") {
		err = s.staff.ChangePassword(r.Context(), r.visitor, r.session, r.form.Get("old"), r.form.Get("password"))
	}
	if e, refused := refusal(err); refused && forced {
		faults, _ := r.faultsOf(err)
		return r.refuse(e, "password", page{Title: r.words.t("Kata sandi baru"), Data: accountPage{Session: r.session, Faults: faults}})
	}
	if err == nil && forced && r.session.MustEnrol {
		return r.done("/account/factor", "password"), nil
	}
	if err == nil && forced {
		return r.done("/", "password"), nil
	}
	return s.own(r, "password", "password", err)
}

func (s *Server) endSession(r *request) (web.Answer, error) {
	return s.own(r, "sessions", "session", s.staff.EndSession(r.Context(), r.visitor, r.session, r.PathValue("id")))
}

func (s *Server) endOtherSessions(r *request) (web.Answer, error) {
	return s.own(r, "sessions", "session", s.staff.EndOtherSessions(r.Context(), r.visitor, r.session))
}

// factorPage is what setting up the second factor shows.
type factorPage struct {
	staff.FactorPlan
	Picture template.HTML
	Must    bool
	Faults  map[string]string
	Codes   []string // that are told this once
}

// factor shows how the second factor is set up.
func (s *Server) factor(r *request) (web.Answer, error) {
	if r.session.HasFactor {
		return r.redirect("/account"), nil
	}
	plan, err := s.staff.BeginFactor(r.Context(), r.session)
	if err != nil {
		return web.Answer{}, err
	}
	return s.showFactor(r, plan, nil)
}

func (s *Server) showFactor(r *request, plan staff.FactorPlan, refused *desk.Error) (web.Answer, error) {
	picture, err := qrCode(plan.URI)
	if err != nil {
		return web.Answer{}, err
	}
	p := page{Title: r.words.t("Verifikasi dua langkah"), Nav: "account"}
	data := factorPage{FactorPlan: plan, Picture: picture, Must: r.session.MustEnrol, Faults: map[string]string{}}
	if refused != nil {
		data.Faults, _ = r.faultsOf(refused)
		p.Data = data
		return r.refuse(refused, "factor", p)
	}
	p.Data = data
	return r.showWith(200, "factor", p)
}

// confirmFactor sets up the second factor and shows the recovery codes, this once.
func (s *Server) confirmFactor(r *request) (web.Answer, error) {
	codes, in, err := s.staff.ConfirmFactor(r.Context(), r.visitor, r.token, r.form.Get("sealed"), r.form.Get("code"))
	if e, refused := refusal(err); refused {
		plan, begun := s.staff.BeginFactor(r.Context(), r.session)
		if begun != nil {
			return web.Answer{}, err
		}
		return s.showFactor(r, plan, e)
	}
	if err != nil {
		return web.Answer{}, err
	}
	r.session = in.Session
	r.actor = in.Session.Actor(r.visitor)
	a, err := r.show("codes", r.words.t("Kode pemulihan"), factorPage{Codes: codes})
	if err == nil {
		a.Header.Add("Set-Cookie", s.cookie(sessionCookie, in.Token, 0).String())
	}
	return a, err
}

func (s *Server) removeFactor(r *request) (web.Answer, error) {
	return s.own(r, "factor", "nofactor", s.staff.RemoveFactor(r.Context(), r.visitor, r.session, r.form.Get("password")))
}

// newCodes makes new recovery codes and shows them, this once.
func (s *Server) newCodes(r *request) (web.Answer, error) {
	codes, err := s.staff.NewRecoveryCodes(r.Context(), r.visitor, r.session, r.form.Get("password"))
	if err != nil {
		return s.own(r, "codes", "", err)
	}
	return r.show("codes", r.words.t("Kode pemulihan"), factorPage{Codes: codes})
}

// qrCode draws a text for the camera of a telephone.
func qrCode(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", err
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				path.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h1v1h-1z")
			}
		}
	}
	size := strconv.Itoa(code.Size)
	return template.HTML(`<svg viewBox="0 0 ` + size + ` ` + size + `" role="img" aria-label="QR"><path fill="#000" d="` + path.String() + `"/></svg>`), nil
}

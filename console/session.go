package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// signInPage is what the sign-in shows.
type signInPage struct {
	Email, Next string
	Chosen      desk.Language // of the page, which the form keeps; empty: none was chosen
	Faults      map[string]string
}

// showSignIn asks who somebody is.
func (s *Server) showSignIn(r *request) (web.Answer, error) {
	next := local(r.URL.Query().Get("next"), "/")
	if r.session.ID != "" && r.missing(signedIn) == "" {
		return r.redirect(next), nil
	}
	return r.show("sign-in", r.words.t("Masuk"), signInPage{Next: next, Chosen: r.chosen(), Faults: map[string]string{}})
}

// signIn signs somebody in. The session before, if there was one in this browser, ends.
func (s *Server) signIn(r *request) (web.Answer, error) {
	p := signInPage{Email: r.form.Get("email"), Next: local(r.form.Get("next"), "/"), Chosen: r.chosen()}
	in, err := s.staff.SignIn(r.Context(), r.visitor, p.Email, r.form.Get("password"))
	if e, refused := refusal(err); refused {
		p.Faults, _ = r.faultsOf(err)
		return r.refuse(e, "sign-in", page{Title: r.words.t("Masuk"), Data: p})
	}
	if err != nil {
		return web.Answer{}, err
	}
	if r.token != "" {
		if err := s.staff.SignOut(r.Context(), r.visitor, r.token); err != nil && !desk.Is(err, desk.Unauthorized) {
			return web.Answer{}, err
		}
	}
	return r.enter(in, p.Next), nil
}

// enter gives the browser a session and leads on: to what the session lacks, or to where somebody wanted to go.
func (r *request) enter(in staff.SignedIn, next string) web.Answer {
	to := next
	switch session := in.Session; {
	case !session.Verified:
		to = "/sign-in/code?" + url.Values{"next": {next}}.Encode()
	case session.MustChange:
		to = "/account/password"
	case session.MustEnrol:
		to = "/account/factor"
	}
	a := r.redirect(to)
	const aYear = 365 * 24 * 60 * 60
	a.Header.Add("Set-Cookie", r.server.cookie(sessionCookie, in.Token, 0).String())
	if in.Device != "" {
		a.Header.Add("Set-Cookie", r.server.cookie(deviceCookie, in.Device, aYear).String())
	}
	return a
}

// refusal is the error of somebody who could not be let in; refused is false for other errors.
func refusal(err error) (e *desk.Error, refused bool) {
	e, ours := errors.AsType[*desk.Error](err)
	if !ours || !slices.Contains([]desk.Code{desk.Unauthorized, desk.Invalid, desk.TooMany, desk.Forbidden, desk.Conflict}, e.Code) {
		return nil, false
	}
	return e, true
}

// refuse shows a form again that could not be taken.
func (r *request) refuse(e *desk.Error, name string, p page) (web.Answer, error) {
	a, err := r.showWith(web.StatusOf(e), name, p)
	if err == nil {
		web.TellRemedy(a.Header, e, a.Status)
	}
	return a, err
}

// showCode asks for the code of the second factor.
func (s *Server) showCode(r *request) (web.Answer, error) {
	next := local(r.URL.Query().Get("next"), "/")
	if r.session.Verified {
		return r.redirect(next), nil
	}
	return r.show("code", r.words.t("Kode verifikasi"), signInPage{Next: next, Faults: map[string]string{}})
}

// giveCode takes the code of the second factor, or a recovery code.
func (s *Server) giveCode(r *request) (web.Answer, error) {
	p := signInPage{Next: local(r.form.Get("next"), "/")}
	in, err := s.staff.Verify(r.Context(), r.visitor, r.token, r.form.Get("code"))
	if e, refused := refusal(err); refused && e.Text != desk.SessionEnded {
		p.Faults, _ = r.faultsOf(err)
		return r.refuse(e, "code", page{Title: r.words.t("Kode verifikasi"), Data: p})
	}
	if desk.Is(err, desk.Unauthorized) {
		return r.redirect("/sign-in"), nil
	}
	if err != nil {
		return web.Answer{}, err
	}
	return r.enter(in, p.Next), nil
}

// signOut ends the session, in the database and in the browser.
func (s *Server) signOut(r *request) (web.Answer, error) {
	if err := s.staff.SignOut(r.Context(), r.visitor, r.token); err != nil && !desk.Is(err, desk.Unauthorized) {
		return web.Answer{}, err
	}
	a := r.redirect("/sign-in")
	a.Header.Add("Set-Cookie", s.cookie(sessionCookie, "", 0).String())
	a.Header.Set("Clear-Site-Data", `"cache", "storage"`)
	a.Status = http.StatusSeeOther
	return a, nil
}

package desk

import (
	"net/http"
	"strconv"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/web"
)

func (d *Desk) teamRoutes() {
	if d.config.Team == nil {
		return
	}
	plain := web.Route{}
	d.on("GET /settings/staff", usher.ActManageStaff, plain, d.team)
	d.on("POST /settings/staff", usher.ActManageStaff, plain, d.invite)
	d.on("POST /settings/staff/rules", usher.ActManageStaff, plain, d.takeRules)
	d.on("GET /settings/staff/{id}", usher.ActManageStaff, plain, d.member)
	d.on("POST /settings/staff/{id}/{act}", usher.ActManageStaff, plain, d.changeMember)
}

type teamData struct {
	frame
	Members []door.Member
	Roles   []usher.Role
	Email   string // as it was given
	Role    usher.Role
	Done    string
	Rules   door.Rules
	Offers  door.Ways
}

// team lists the members of staff.
func (d *Desk) team(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.teamPage(w, r, v, teamData{Role: usher.RoleReviewer}, nil)
}

func (d *Desk) teamPage(w http.ResponseWriter, r *http.Request, v visit, data teamData, problems web.Errors) error {
	data.frame, data.Roles, data.Offers = v.frame(), usher.Roles(), d.config.Door.Ways()
	var err error
	if data.Members, err = d.config.Team.Members(r.Context(), v.tenant.ID); err != nil {
		return err
	}
	if data.Rules, err = d.config.Team.Rules(r.Context(), v.tenant.ID); err != nil {
		return err
	}
	if done := "desk.settings.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
		data.Done = done
	}
	page := v.page("team", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	return d.Render(w, r, page)
}

// invite makes a member, and tells the link by which they set up how they sign in.
func (d *Desk) invite(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data := teamData{Email: r.PostForm.Get("email"), Role: usher.Role(r.PostForm.Get("role"))}
	token, err := d.config.Team.Invite(r.Context(), v.tenant.ID, data.Email, data.Role, v.staff.Actor())
	switch code, _ := told(err); {
	case code == usher.CodeConflict:
		return d.teamPage(w, r, v, data, web.Errors{{Field: "email", Key: "desk.problem.email_taken"}})
	case code == usher.CodeInvalid:
		return d.teamPage(w, r, v, data, web.Errors{{Field: "email", Key: "wrong.email"}})
	case err != nil:
		return err
	}
	return d.tellLink(w, r, v, data.Email, token, false)
}

// linkData is the page that shows the link of an invitation. One that was mailed is for its reader alone.
type linkData struct {
	frame
	Email, Link string
	Mailed      bool
}

func (d *Desk) tellLink(w http.ResponseWriter, r *http.Request, v visit, email, token string, again bool) error {
	link := d.invitationLink(r, token)
	return d.Render(w, r, v.page("invited", linkData{v.frame(), email, link, d.mailed(r.Context(), email, link, again)}))
}

// takeRules changes how the firm's staff may sign in.
func (d *Desk) takeRules(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	on := func(name string) bool { return r.PostForm.Get(name) == "on" }
	rules := door.Rules{Passkeys: on("passkeys"), Passwords: on("passwords"), Provider: on("provider"), Second: on("second")}
	err := d.config.Team.SetRules(r.Context(), v.tenant.ID, rules, v.staff.Actor())
	if code, _ := told(err); code == usher.CodeConflict {
		return d.teamPage(w, r, v, teamData{Role: usher.RoleReviewer}, web.Errors{{Field: "passkeys", Key: "desk.rules.own"}})
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/settings/staff?done=rules")
}

type memberData struct {
	frame
	Member   door.Member
	Sessions []door.Session
	Here     string
	Done     string
	SetUpBy  string // who set up how they sign in, in words, where nobody else has confirmed it
	Confirms bool   // the reader can
}

// member shows one of them, and where they are signed in.
func (d *Desk) member(w http.ResponseWriter, r *http.Request, v visit) error {
	all, err := d.config.Team.Members(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.ID != r.PathValue("id") {
			continue
		}
		data := memberData{frame: v.frame(), Member: m, Here: v.session.ID, Confirms: m.ID != v.staff.ID && m.SetUpBy != v.staff.ID && v.session.SetUpBy == "" && !m.Invited}
		if m.SetUpBy != "" {
			data.SetUpBy = d.people(v).actor(r.Context(), v.say, usher.Actor{Kind: usher.ByStaff, ID: m.SetUpBy})
		}
		if data.Sessions, err = d.config.Team.Sessions(r.Context(), v.tenant.ID, m.ID); err != nil {
			return err
		}
		if done := "desk.me.done." + r.URL.Query().Get("done"); d.Catalog().Has(done) {
			data.Done = done
		}
		return d.Render(w, r, v.page("member", data))
	}
	return usher.NotFound("member of staff")
}

// changeMember changes one. Nobody changes themselves: the last administrator would lock everybody out.
func (d *Desk) changeMember(w http.ResponseWriter, r *http.Request, v visit) error {
	id, by := r.PathValue("id"), v.staff.Actor()
	if id == v.staff.ID {
		return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_self", Message: "ask another administrator to change your own account"}
	}
	ctx, team, tenant := r.Context(), d.config.Team, v.tenant.ID
	back := "/settings/staff?done=staff"
	var err error
	switch r.PathValue("act") {
	case "role":
		err = team.SetRole(ctx, tenant, id, usher.Role(r.PostFormValue("role")), by)
	case "disable", "enable":
		err = team.Disable(ctx, tenant, id, r.PathValue("act") == "disable", by)
	case "confirm":
		seen, _ := strconv.ParseInt(r.PostFormValue("generation"), 10, 64) // what is no number is none that the member has
		err, back = team.Confirm(ctx, tenant, id, seen, by), "/settings/staff/"+id+"?done=confirmed"
	case "release":
		err, back = team.Release(ctx, tenant, id, by), "/settings/staff/"+id+"?done=released"
	case "sign-out":
		err, back = team.SignOut(ctx, tenant, id, r.PostFormValue("session"), by), "/settings/staff/"+id+"?done=ended"
	case "invite":
		return d.reinvite(w, r, v, id)
	default:
		return usher.NotFound("page")
	}
	if err != nil {
		return err
	}
	return d.See(w, r, back)
}

// reinvite has a member set up anew how they sign in.
func (d *Desk) reinvite(w http.ResponseWriter, r *http.Request, v visit, id string) error {
	all, err := d.config.Team.Members(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	token, err := d.config.Team.Reinvite(r.Context(), v.tenant.ID, id, v.staff.Actor())
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.ID == id {
			return d.tellLink(w, r, v, m.Email, token, true)
		}
	}
	return usher.NotFound("member of staff")
}

package desk

import (
	"context"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// Team makes and changes members of staff. The composition root gives it.
type Team interface {
	// Members lists a tenant's staff, by e-mail address.
	Members(ctx context.Context, tenant string) ([]Member, error)
	// Invite makes a member and gives their first password, which is told once.
	Invite(ctx context.Context, tenant, email string, role usher.Role, by usher.Actor) (password string, err error)
	SetRole(ctx context.Context, tenant, id string, role usher.Role, by usher.Actor) error
	Disable(ctx context.Context, tenant, id string, disabled bool, by usher.Actor) error
	// NewPassword gives a member another password, signs them out, and tells the password once.
	NewPassword(ctx context.Context, tenant, id string, by usher.Actor) (password string, err error)
}

// Member is a member of staff, who may be kept out.
type Member struct {
	usher.Staff
	Disabled bool
}

type teamData struct {
	frame
	Members []Member
	Roles   []usher.Role
	Email   string // as it was given
	Role    usher.Role
	Done    string
}

// team lists the members of staff.
func (d *Desk) team(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.teamPage(w, r, v, teamData{Role: usher.RoleReviewer}, nil)
}

func (d *Desk) teamPage(w http.ResponseWriter, r *http.Request, v visit, data teamData, problems web.Errors) error {
	data.frame, data.Roles = v.frame(), usher.Roles()
	var err error
	if data.Members, err = d.config.Team.Members(r.Context(), v.tenant.ID); err != nil {
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

// invite makes a member, and tells the first password once.
func (d *Desk) invite(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	data := teamData{Email: r.PostForm.Get("email"), Role: usher.Role(r.PostForm.Get("role"))}
	password, err := d.config.Team.Invite(r.Context(), v.tenant.ID, data.Email, data.Role, v.staff.Actor())
	switch code, _ := told(err); {
	case code == usher.CodeConflict:
		return d.teamPage(w, r, v, data, web.Errors{{Field: "email", Key: "desk.problem.email_taken"}})
	case code == usher.CodeInvalid:
		return d.teamPage(w, r, v, data, web.Errors{{Field: "email", Key: "wrong.email"}})
	case err != nil:
		return err
	}
	return d.tell(w, r, v, "desk.team.invited", map[string]string{"email": data.Email, "password": password})
}

// changeMember changes one. Nobody changes themselves: the last administrator would lock everybody out.
func (d *Desk) changeMember(w http.ResponseWriter, r *http.Request, v visit) error {
	id, by := r.PathValue("id"), v.staff.Actor()
	if id == v.staff.ID {
		return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_self", Message: "ask another administrator to change your own account"}
	}
	var err error
	switch r.PathValue("act") {
	case "role":
		err = d.config.Team.SetRole(r.Context(), v.tenant.ID, id, usher.Role(r.PostFormValue("role")), by)
	case "disable", "enable":
		err = d.config.Team.Disable(r.Context(), v.tenant.ID, id, r.PathValue("act") == "disable", by)
	case "password":
		password, err := d.config.Team.NewPassword(r.Context(), v.tenant.ID, id, by)
		if err != nil {
			return err
		}
		return d.tell(w, r, v, "desk.team.password_made", map[string]string{"password": password})
	default:
		return usher.NotFound("page")
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/settings/staff?done=staff")
}

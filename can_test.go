package usher_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

// What the law and the house need of the table, whatever else changes in it.
func TestGrants(t *testing.T) {
	t.Parallel()
	personal := []usher.Action{
		usher.ActSeeCases, usher.ActSeePictures, usher.ActTakeFiles, usher.ActExportCase, usher.ActTakeCase, usher.ActGiveCase, usher.ActWorkOnCase, usher.ActJudgeHit,
		usher.ActDecide, usher.ActOverturn, usher.ActExport, usher.ActErase,
	}
	if live := usher.Can(usher.Staff{TenantID: "t", Role: usher.RoleDeveloper}.Caller(), usher.ActConnect, usher.Object{TenantID: "t", Live: true}); live.Allowed {
		t.Error("a developer makes keys to real people's data")
	}
	fresh := []usher.Action{
		usher.ActConnect, usher.ActManageKeys, usher.ActManageEndpoints, usher.ActManageStaff, usher.ActExport, usher.ActErase, usher.ActSetRetention, usher.ActExportAudit,
		usher.ActExportCase, usher.ActTakeFiles,
	}
	seen := map[usher.Action]bool{}
	for _, g := range usher.Grants() {
		if seen[g.Action] {
			t.Errorf("%s has two rows", g.Action)
		}
		seen[g.Action] = true
		if len(g.Roles) == 0 && len(g.Scopes) == 0 && !g.Visit {
			t.Errorf("nobody may %s", g.Action)
		}
		for _, r := range []usher.Role{usher.RoleAuditor, usher.RoleDeveloper} {
			if slices.Contains(personal, g.Action) && slices.Contains(append(g.Roles, g.Sandbox...), r) {
				t.Errorf("a %s may %s", r, g.Action)
			}
		}
		if len(g.Roles) > 0 && !slices.Contains(g.Roles, usher.RoleAdmin) {
			t.Errorf("an admin may not %s", g.Action)
		}
		if g.Fresh != slices.Contains(fresh, g.Action) {
			t.Errorf("%s: fresh %t", g.Action, g.Fresh)
		}
	}
	if seen[usher.ActEnter] {
		t.Error("what needs no proof is granted to somebody: who asks for it is nobody")
	}
}

func TestCan(t *testing.T) {
	t.Parallel()
	staff := func(r usher.Role) usher.Caller { return usher.Staff{ID: "m", TenantID: "t", Role: r}.Caller() }
	client := func(s ...usher.Scope) usher.Caller {
		return usher.Caller{Actor: usher.Actor{Kind: usher.ByClient, ID: "c"}, TenantID: "t", Scopes: s}
	}
	applicant := usher.Caller{Actor: usher.Actor{Kind: usher.ByApplicant}, TenantID: "t", SessionID: "s"}
	own := usher.Object{TenantID: "t"}
	allowed, hidden := usher.Access{Allowed: true}, usher.Access{Hidden: true}
	for name, tt := range map[string]struct {
		who  usher.Caller
		do   usher.Action
		what usher.Object
		want usher.Access
	}{
		"viewer looks":                  {staff(usher.RoleViewer), usher.ActSeeCases, own, allowed},
		"viewer decides":                {staff(usher.RoleViewer), usher.ActDecide, own, usher.Access{}},
		"reviewer decides":              {staff(usher.RoleReviewer), usher.ActDecide, own, allowed},
		"reviewer decides second":       {staff(usher.RoleReviewer), usher.ActDecide, usher.Object{TenantID: "t", Voted: true}, usher.Access{Allowed: true, Fresh: true}},
		"reviewer decides twice":        {staff(usher.RoleSenior), usher.ActDecide, usher.Object{TenantID: "t", Voted: true, OwnVote: true}, usher.Access{}},
		"reviewer nobody confirmed":     {staff(usher.RoleSenior), usher.ActDecide, usher.Object{TenantID: "t", Alone: true}, usher.Access{}},
		"reviewer takes a free case":    {staff(usher.RoleReviewer), usher.ActTakeCase, own, allowed},
		"reviewer takes another's case": {staff(usher.RoleReviewer), usher.ActTakeCase, usher.Object{TenantID: "t", Taken: true}, usher.Access{}},
		"senior takes another's case":   {staff(usher.RoleSenior), usher.ActTakeCase, usher.Object{TenantID: "t", Taken: true}, allowed},
		"admin of another tenant":       {staff(usher.RoleAdmin), usher.ActSeeCases, usher.Object{TenantID: "u"}, hidden},
		"nobody's staff, nobody's case": {usher.Staff{Role: usher.RoleAdmin}.Caller(), usher.ActSeeCases, usher.Object{}, hidden},
		"unknown role":                  {staff("chief"), usher.ActUseDesk, own, usher.Access{}},
		"unknown action":                {staff(usher.RoleAdmin), "fly", own, usher.Access{}},
		"no role":                       {staff(""), usher.ActSeeCases, own, usher.Access{}},
		"staff as an applicant":         {staff(usher.RoleAdmin), usher.ActGoOn, own, usher.Access{}},
		"keys need a fresh proof":       {staff(usher.RoleDeveloper), usher.ActManageKeys, own, usher.Access{Allowed: true, Fresh: true}},
		"developer connects a sandbox":  {staff(usher.RoleDeveloper), usher.ActConnect, own, usher.Access{Allowed: true, Fresh: true}},
		"developer connects live":       {staff(usher.RoleDeveloper), usher.ActConnect, usher.Object{TenantID: "t", Live: true}, usher.Access{Fresh: true}},
		"admin connects live":           {staff(usher.RoleAdmin), usher.ActConnect, usher.Object{TenantID: "t", Live: true}, usher.Access{Allowed: true, Fresh: true}},
		"client reads":                  {client(usher.ScopeRead), usher.ActSeeCases, own, allowed},
		"client with no scope":          {client(), usher.ActSeeCases, own, usher.Access{}},
		"client decides by read":        {client(usher.ScopeRead, usher.ScopeWrite), usher.ActDecide, own, usher.Access{}},
		"client with a role":            {usher.Caller{Actor: usher.Actor{Kind: usher.ByClient, Role: usher.RoleAdmin}, TenantID: "t"}, usher.ActDecide, own, usher.Access{}},
		"client administers":            {client(usher.ScopeAdmin), usher.ActManageKeys, own, allowed},
		"client simulates live":         {client(usher.ScopeWrite), usher.ActSimulate, usher.Object{TenantID: "t", Live: true}, usher.Access{}},
		"client of another tenant":      {client(usher.ScopeRead), usher.ActSeeCases, usher.Object{TenantID: "u"}, hidden},
		"applicant goes on":             {applicant, usher.ActGoOn, usher.Object{TenantID: "t", SessionID: "s"}, allowed},
		"applicant, another session":    {applicant, usher.ActGoOn, usher.Object{TenantID: "t", SessionID: "z"}, usher.Access{}},
		"applicant decides":             {applicant, usher.ActDecide, usher.Object{TenantID: "t", SessionID: "s"}, usher.Access{}},
		"system by the table":           {usher.Caller{Actor: usher.Actor{Kind: usher.BySystem}, TenantID: "t"}, usher.ActDecide, own, usher.Access{}},
	} {
		if got := usher.Can(tt.who, tt.do, tt.what); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	if usher.ActManageKeys.Scope() != usher.ScopeAdmin || usher.ActManageStaff.Scope() != "" {
		t.Error("the scope that is missing is named wrongly")
	}
}

// grantTable prints the table as docs/desk.md has it.
func grantTable() string {
	var b strings.Builder
	b.WriteString("| action |")
	for _, r := range usher.Roles() {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString(" API scope | proof anew |\n|---|" + strings.Repeat("---|", len(usher.Roles())+2) + "\n")
	for _, g := range usher.Grants() {
		fmt.Fprintf(&b, "| `%s` |", g.Action)
		for _, r := range usher.Roles() {
			mark := " |"
			switch {
			case slices.Contains(g.Roles, r):
				mark = " yes |"
			case slices.Contains(g.Sandbox, r):
				mark = " sandbox |"
			}
			b.WriteString(mark)
		}
		scope := ""
		for _, sc := range g.Scopes {
			scope += " `" + string(sc) + "`"
		}
		if g.Visit {
			scope = " (the applicant)"
		}
		fresh := ""
		if g.Fresh {
			fresh = " yes"
		}
		fmt.Fprintf(&b, "%s |%s |\n", scope, fresh)
	}
	return b.String()
}

func TestGrantsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/desk.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := grantTable(); !strings.Contains(string(text), want) {
		t.Errorf("docs/desk.md does not have the table as it is; write it there:\n%s", want)
	}
}

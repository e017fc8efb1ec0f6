package usher

import "slices"

// Action is something that somebody may be allowed to do.
type Action string

// The actions. Who may do each is said by the table of [Grants], and by nothing else.
const (
	ActEnter           Action = "enter" // what needs no proof of who asks: signing in, documents of an API, addresses that hold their own secret
	ActUseDesk         Action = "use_desk"
	ActSeeCases        Action = "see_cases"
	ActSeePictures     Action = "see_pictures"
	ActTakeFiles       Action = "take_files"
	ActExportCase      Action = "export_case" // everything of a case, to be taken along
	ActTakeCase        Action = "take_case"
	ActGiveCase        Action = "give_case"
	ActWorkOnCase      Action = "work_on_case"
	ActJudgeHit        Action = "judge_hit"
	ActDecide          Action = "decide"
	ActOverturn        Action = "overturn"
	ActSeeFigures      Action = "see_figures"
	ActSeeAudit        Action = "see_audit"
	ActExportAudit     Action = "export_audit"
	ActSeeSettings     Action = "see_settings"
	ActSendAgain       Action = "send_again"
	ActConnect         Action = "connect" // make what gets at personal data: a client or its new secret, a webhook endpoint
	ActManageKeys      Action = "manage_keys"
	ActManageEndpoints Action = "manage_endpoints"
	ActManageFlows     Action = "manage_flows"
	ActManagePages     Action = "manage_pages"
	ActManageStaff     Action = "manage_staff"
	ActSetRetention    Action = "set_retention"
	ActExport          Action = "export"
	ActErase           Action = "erase"
	ActWritePeople     Action = "write_people"
	ActSubscribe       Action = "subscribe"
	ActSearchLists     Action = "search_lists"
	ActSimulate        Action = "simulate"
	ActGoOn            Action = "go_on"
)

// Grant is a row of the table: who may do one thing.
type Grant struct {
	Action  Action
	Roles   []Role  // of staff
	Sandbox []Role  // and these where nobody real is behind it
	Scopes  []Scope // of API clients: any one of them
	Visit   bool    // the applicant, in their own session
	Fresh   bool    // a member of staff has to have proved who they are a moment ago
}

// Grants is the whole table, in the order of the documentation. What is not in it nobody may.
func Grants() []Grant {
	all := Roles()
	admin := []Role{RoleAdmin}
	senior := []Role{RoleSenior, RoleAdmin}
	reviewers := []Role{RoleReviewer, RoleSenior, RoleAdmin}
	looking := []Role{RoleViewer, RoleReviewer, RoleSenior, RoleAdmin}
	building := []Role{RoleDeveloper, RoleAdmin}
	auditing := []Role{RoleAuditor, RoleAdmin}
	read, write, decide, administer := []Scope{ScopeRead}, []Scope{ScopeWrite}, []Scope{ScopeDecide}, []Scope{ScopeAdmin}
	return []Grant{
		{Action: ActUseDesk, Roles: all},
		{Action: ActSeeFigures, Roles: all},
		{Action: ActSeeCases, Roles: looking, Scopes: read},
		{Action: ActSeePictures, Roles: looking, Scopes: read},
		{Action: ActTakeFiles, Roles: reviewers, Scopes: read, Fresh: true},
		{Action: ActExportCase, Roles: reviewers, Scopes: read, Fresh: true},
		{Action: ActTakeCase, Roles: reviewers},
		{Action: ActWorkOnCase, Roles: reviewers},
		{Action: ActJudgeHit, Roles: reviewers, Scopes: decide},
		{Action: ActDecide, Roles: reviewers, Scopes: decide},
		{Action: ActGiveCase, Roles: senior},
		{Action: ActOverturn, Roles: senior, Scopes: decide},
		{Action: ActSeeAudit, Roles: auditing, Scopes: administer},
		{Action: ActExportAudit, Roles: auditing, Fresh: true},
		{Action: ActSeeSettings, Roles: building, Scopes: read},
		{Action: ActSendAgain, Roles: building, Scopes: administer},
		{Action: ActConnect, Roles: admin, Sandbox: []Role{RoleDeveloper}, Scopes: administer, Fresh: true},
		{Action: ActManageKeys, Roles: building, Scopes: administer, Fresh: true},
		{Action: ActManageEndpoints, Roles: building, Scopes: administer, Fresh: true},
		{Action: ActManageFlows, Roles: admin, Scopes: administer},
		{Action: ActManagePages, Roles: admin},
		{Action: ActManageStaff, Roles: admin, Fresh: true},
		{Action: ActSetRetention, Roles: admin, Fresh: true},
		{Action: ActExport, Roles: admin, Scopes: administer, Fresh: true},
		{Action: ActErase, Roles: admin, Scopes: administer, Fresh: true},
		{Action: ActWritePeople, Scopes: write},
		{Action: ActSubscribe, Scopes: write},
		{Action: ActSimulate, Scopes: write},
		{Action: ActSearchLists, Scopes: read},
		{Action: ActGoOn, Visit: true},
	}
}

// grants is read and never written: the table is asked at every request.
var grants = Grants()

// Caller is who asks: a member of staff by role, an API client by the scopes its token has, or an applicant by the session of their visit.
type Caller struct {
	Actor
	TenantID  string
	Scopes    []Scope
	SessionID string
}

// Object is what is asked for: whose it is, and what about it matters to who may.
type Object struct {
	TenantID  string
	SessionID string // the session that an applicant's part is in
	Live      bool   // real people are behind it
	Taken     bool   // a case that another member of staff has
	Voted     bool   // a case that needs one more reviewer to approve it
	OwnVote   bool   // and the one who asks was the first, or rejected what they would approve
	Alone     bool   // a case that needs two approvals, and the one who asks signs in on one administrator's word alone
}

// Access is what the table says of one request. An object that is hidden is answered as one that does not exist. Fresh asks a member of staff
// to prove once more who they are.
type Access struct{ Allowed, Hidden, Fresh bool }

// Can tells whether who asks may do something to an object.
func Can(who Caller, do Action, what Object) Access {
	if who.TenantID == "" || who.TenantID != what.TenantID {
		return Access{Hidden: true}
	}
	if do == ActTakeCase && what.Taken {
		do = ActGiveCase
	}
	g, _, ok := find(grants, func(g Grant) bool { return g.Action == do })
	if !ok || (do == ActSimulate && what.Live) || ((do == ActDecide || do == ActOverturn) && (what.OwnVote || what.Alone)) {
		return Access{}
	}
	switch who.Kind {
	case ByStaff:
		return Access{Allowed: slices.Contains(g.Roles, who.Role) || (!what.Live && slices.Contains(g.Sandbox, who.Role)), Fresh: g.Fresh || (do == ActDecide && what.Voted)}
	case ByClient:
		return Access{Allowed: slices.ContainsFunc(who.Scopes, func(s Scope) bool { return slices.Contains(g.Scopes, s) })}
	case ByApplicant:
		return Access{Allowed: g.Visit && who.SessionID != "" && who.SessionID == what.SessionID}
	case BySystem:
	}
	return Access{}
}

// May tells whether the table has a role for an action. It is for places where the tenant was compared before.
func (r Role) May(do Action) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Action == do && slices.Contains(g.Roles, r) })
}

// Scope gives the first scope that allows an action, or "": what an API says is missing.
func (a Action) Scope() Scope {
	g, _, _ := find(grants, func(g Grant) bool { return g.Action == a })
	if len(g.Scopes) == 0 {
		return ""
	}
	return g.Scopes[0]
}

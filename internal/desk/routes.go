package desk

import (
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// Route is a page of the desk, as a pattern of [http.ServeMux] below its base, and what somebody has to be allowed to do to reach it.
type Route struct {
	Pattern string
	Action  usher.Action
}

// Routes lists every page.
func (d *Desk) Routes() []Route { return d.listed }

// on adds a page for members of staff whom the table allows an action.
func (d *Desk) on(pattern string, do usher.Action, o web.Route, h handler) {
	d.open(pattern, do, o, d.staff(do, h))
}

// open adds a page that looks by itself at who asks.
func (d *Desk) open(pattern string, do usher.Action, o web.Route, h web.HandlerFunc) {
	d.listed = append(d.listed, Route{pattern, do})
	d.Handle(pattern, o, h)
}

// routes is the list of all pages.
func (d *Desk) routes() {
	plain := web.Route{}
	d.doorRoutes()
	d.accountRoutes()
	d.on("POST /stay", usher.ActUseDesk, plain, d.stay)
	d.on("GET /{$}", usher.ActUseDesk, plain, d.home)
	d.on("GET /keys", usher.ActUseDesk, plain, d.keysPage)
	d.on("POST /keys", usher.ActUseDesk, plain, d.setKeys)
	d.on("GET /news", usher.ActSeeCases, plain, d.news)
	d.on("GET /figures", usher.ActSeeFigures, plain, d.figures)
	d.on("GET /live", usher.ActSeeCases, plain, d.live)
	d.on("GET /live/since", usher.ActSeeCases, plain, d.since)
	d.caseRoutes()
	d.keepingRoutes()
	d.auditRoutes()
	d.settingsRoutes()
}

// caseRoutes lists the pages of one case.
func (d *Desk) caseRoutes() {
	const at = "/cases/{id}"
	plain := web.Route{}
	d.on("GET "+at, usher.ActSeeCases, plain, d.showCase)
	d.on("GET "+at+"/look/{evidence}", usher.ActSeePictures, plain, d.look)
	d.on("GET "+at+"/picture/{evidence}/{size}", usher.ActSeePictures, plain, d.picture)
	d.on("GET "+at+"/file/{evidence}", usher.ActTakeFiles, plain, d.file)
	if c := d.config; c.Report != nil {
		d.on("GET "+at+"/report.pdf", usher.ActExportCase, plain, d.report("application/pdf", c.Report.PDF))
		d.on("GET "+at+"/evidence.zip", usher.ActExportCase, plain, d.report("application/zip", c.Report.Zip))
	}
	d.on("GET "+at+"/hits/{n}", usher.ActSeeCases, plain, d.hitPage)
	d.on("POST "+at+"/hits/{n}", usher.ActJudgeHit, plain, d.judgeHit)
	d.on("POST "+at+"/resend/{delivery}", usher.ActSendAgain, plain, d.resend)
	d.on("POST /next", usher.ActTakeCase, plain, d.next)
	d.on("POST "+at+"/assign", usher.ActTakeCase, plain, d.assign)
	d.on("POST "+at+"/notes", usher.ActWorkOnCase, plain, d.takeNote)
	d.on("POST "+at+"/tags", usher.ActWorkOnCase, plain, d.takeTags)
	d.on("POST "+at+"/undo", usher.ActDecide, plain, d.undo)
	d.on("GET "+at+"/correct", usher.ActWorkOnCase, plain, d.correctPage)
	d.on("POST "+at+"/correct", usher.ActWorkOnCase, plain, d.correct)
	for _, a := range acts() {
		d.on("GET "+at+"/"+a.path, a.may, plain, d.decisionPage(a))
		d.on("POST "+at+"/"+a.path, a.may, plain, d.decide(a))
	}
}

// home is the page that a role begins with: the queue, or for those who see no cases what they are here for.
func (d *Desk) home(w http.ResponseWriter, r *http.Request, v visit) error {
	switch {
	case v.staff.Role.May(usher.ActSeeCases):
		return d.queue(w, r, v)
	case v.sets:
		return d.See(w, r, "/settings")
	case v.staff.Role.May(usher.ActSeeAudit):
		return d.See(w, r, "/audit")
	default:
		return d.See(w, r, "/figures")
	}
}

package ondato

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// isPage tells whether a request is a browser's, for the hosted link.
func isPage(r *http.Request) bool {
	return r.URL.Path == "/idv" || strings.HasPrefix(r.URL.Path, "/idv/")
}

// enter sends the browser of a hosted link on to the pages of this server. Whatever is wrong with an id is answered alike: the link says nothing to
// who was not given it, and who tries many soon has to wait.
func (d *dialect) enter(w http.ResponseWriter, r *http.Request) {
	link, err := d.entry(r)
	if err == nil {
		w.Header().Set("Location", link.URL)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	if status := api.Status(err); status != http.StatusNotFound && status != http.StatusGone {
		d.fail(w, r, err)
		return
	}
	address := api.RemoteAddress
	if d.Front.Address != nil {
		address = d.Front.Address
	}
	if ok, retry := d.strangers.Allow(address(r)); !ok {
		w.Header().Set("Retry-After", fmt.Sprintf("%.0f", retry.Seconds()+1))
		writePage(w, http.StatusTooManyRequests)
		return
	}
	writePage(w, http.StatusNotFound)
}

// entry gives the way into the session of a hosted link, after what a sandbox was asked to do when it is opened.
func (d *dialect) entry(r *http.Request) (usher.Link, error) {
	id, ok := canonical(r.URL.Query().Get("id"))
	if !ok {
		return usher.Link{}, usher.NotFound("identity verification")
	}
	ctx := r.Context()
	s, err := d.Service.SessionByKey(ctx, "", Name, id)
	if err != nil {
		return usher.Link{}, err
	}
	open := s.State == usher.Created || s.State == usher.InProgress
	switch {
	case s.Mode != usher.Sandbox || !open:
	case s.Metadata[keptSandbox] == sandboxAbort:
		by := usher.Actor{Kind: usher.ByApplicant, ID: s.ApplicantID}
		for _, kind := range []usher.CommandKind{usher.CmdOpen, usher.CmdCancel} {
			if _, err := d.Service.Do(ctx, s.TenantID, s.ID, usher.Command{Kind: kind, By: by}); err != nil {
				return usher.Link{}, err
			}
		}
	case r.URL.Query().Get("simulate") == "submit":
		client := usher.APIClient{ID: s.ClientID, TenantID: s.TenantID}
		if _, err := d.Service.Simulate(ctx, client, s.ID, "submit"); err != nil {
			return usher.Link{}, err
		}
	}
	return d.Service.EntryLink(ctx, s.TenantID, s.ID)
}

// exit gives the address of the client's that a browser is sent to, in the language the applicant read the pages in.
func exit(s usher.Session, m usher.Moment) string {
	read := s.Locale
	for _, st := range s.Steps {
		if st.Consent != nil && st.Consent.Locale != "" {
			read = st.Consent.Locale
		}
	}
	to := localisationOf(s).choose(read)
	switch m {
	case usher.MomentFinished:
		return to.SuccessRedirectURL
	case usher.MomentDeclined:
		return to.ConsentDeclinedRedirectURL
	case usher.MomentFailed, usher.MomentExpired:
		// Who has done everything is told so whatever was decided since: the address is no proof and no verdict.
		if standings[s.State].idv == completed {
			return to.SuccessRedirectURL
		}
		return to.FailureRedirectURL
	case usher.MomentStarted, usher.MomentPermission, usher.MomentHardware, usher.MomentConnection, usher.MomentUnexpected:
	}
	return "" // the applicant can go on, or try again
}

// title gives the title of the pages in a language.
func title(s usher.Session, locale string) string { return localisationOf(s).choose(locale).PageTitle }

// page is what a browser is told whose link does not lead anywhere.
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%[1]s</title>
<h1>%[1]s</h1>
<p>%[2]s</p>
</html>
`

func writePage(w http.ResponseWriter, status int) {
	title, way := "This link does not work", "Go back to the page that sent you here and ask for a new link."
	switch {
	case status == http.StatusTooManyRequests:
		title, way = "Too many tries", "Wait a minute, then open the link again."
	case status >= http.StatusInternalServerError:
		title, way = "Something went wrong", "This is our fault, not yours. Open the link again in a moment."
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, page, title, way)
}

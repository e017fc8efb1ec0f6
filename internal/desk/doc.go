// Package desk serves the pages of reviewers: sign in, see what needs a decision, look at a case, decide.
//
// The way of data: a request comes through [web.Kit]; the cookie gives the member of staff ([usher.StaffDoor]), who gives the tenant that
// every question to [usher.Service] is asked for. A case is read anew for every page, put into words in the reader's language, and
// rendered by templates/desk. A decision is a form that names the version of the case it was made on, so that of two reviewers who decide
// at once the second is told, with what the first decided, instead of overruling unseen.
//
// Pictures never reach the browser as they came in: [Config.Preview] makes a new picture from the pixels. Each one shown is on the audit
// trail first, and the case shows who looked.
//
// Everything works without scripts; desk-keys.js adds keys, desk-viewer.js zoom and rotation, desk-idle.js a warning before the end of a
// quiet session.
package desk

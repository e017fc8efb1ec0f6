// Package hosted is the applicant's pages: from the link they were given to "You have finished".
//
// The way of a visit: GET /s/{token} shows what is needed and never uses the link up, since mail scanners open links; POST binds it to the
// browser by a cookie and goes to addresses without a secret, /f/{session}/{page}. Every page is an address of its own and survives
// refresh, back, a closed tab and another device, because nothing is kept but what the session holds and a small signed note in a cookie.
//
// One pure function, home, tells from the session which page the applicant belongs on. Pages do their work (a [usher.Command], a file) and
// then ask home; none knows what comes after it, and a page whose turn has not come sends the browser to the one whose turn it is. That is
// how dex and login.gov keep such flows in order.
//
// A dialect may have rules for its sessions ([usher.PageRules]): where the browser is sent at which moment, which origins may show the pages
// in a frame, and what the framing page is told. In a frame the visit is kept by a partitioned cookie, or, where a browser keeps none, by the
// pages themselves: then each way on is a form (see frame.go). Every screen is kept in the session's journey (journey.go lists their words).
//
// Files go through Config.Intake, which refuses what is no picture and advises on what could be better; the original bytes are kept as
// evidence and people only ever see copies made by Config.Preview.
package hosted

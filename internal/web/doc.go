// Package web is the kit for pages that people see: the applicant's pages and the reviewer's desk are built with it.
//
// The way of a request: [Kit.ServeHTTP] sets the security headers (strict content security policy with Trusted Types, no framing, no
// camera unless the route asks for it, no storing), refuses what another site sent, bounds the body, finds the route and calls its
// [HandlerFunc]. The handler reads the form, calls the domain and gives a [Page], which is rendered whole into memory in the language of
// the reader before a byte is sent; or an error, which becomes a page in plain words with the id of the request, and a line in the log
// when it was our fault.
//
// Files come from one file system, of which a kit reads templates/shared, templates/<area>, static and locales. Static files are served
// under a name that holds the hash of all of them, so that they can be kept for ever and modules may import one another by relative names.
//
// There is no inline script or style anywhere: the policy forbids both, and a style attribute would silently be dropped.
package web

package native

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
)

const introduction = "Onboarding of people: applicants, sessions, evidence, checks, decisions, events. JSON in snake_case, times in RFC 3339 UTC with " +
	"milliseconds, errors as problem+json (RFC 9457). 400 is a request that cannot be read, 422 one that was read and is wrong. Every POST takes an " +
	"Idempotency-Key. Lists have pages: give `next` of one page as `after` of the following."

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "token", Description: "Signing in."},
		{Name: tagApplicants, Description: "The people being onboarded."},
		{Name: tagSessions, Description: "One go of one applicant through one flow, and the commands that move it on."},
		{Name: tagEvidence, Description: "Files: pictures of documents, selfies, proofs of address."},
		{Name: tagResults, Description: "What was found and what happened."},
		{Name: tagEvents, Description: "Everything that happened, in order."},
		{Name: tagWebhooks, Description: "Where events are sent, and how that went."},
		{Name: tagClients, Description: "The credentials of API clients."},
		{Name: tagFlows, Description: "The steps a session goes through."},
		{Name: tagScreening, Description: "Names on watchlists, and applicants who are kept screened."},
		{Name: tagAudit, Description: "Who saw and did what."},
		{Name: "accounts", Description: "What was opened at the end."},
		{Name: "sandbox", Description: "Making things happen without people, in sandbox tenants."},
	}
}

type docsCode struct {
	Code   usher.Code
	Status int
	About  string
}

// codes are the types of problem; /docs#<code> is what the type of a problem leads to.
func codes() []docsCode {
	return []docsCode{
		{usher.CodeInvalid, http.StatusUnprocessableEntity, "The request is wrong; errors says where. 400 when it cannot be read at all, 413 when it is too large, 415 when it is of another content type."},
		{usher.CodeUnauthenticated, http.StatusUnauthorized, "No access token, or one that is unknown or has ended. Get a new one at /oauth/token."},
		{usher.CodeForbidden, http.StatusForbidden, "The token lacks the scope that is named."},
		{usher.CodeNotFound, http.StatusNotFound, "There is no such thing in your tenant."},
		{usher.CodeConflict, http.StatusConflict, "The state of things does not allow it. Read the thing again and decide on what it is now."},
		{usher.CodeGone, http.StatusGone, "It was there and is not any more: an expired link, an erased applicant."},
		{usher.CodeLimited, http.StatusTooManyRequests, "Too many requests; wait as many seconds as the header Retry-After says."},
		{usher.CodeInternal, http.StatusInternalServerError, "Our fault. Try again with the same Idempotency-Key, and quote the request id when you ask for help."},
	}
}

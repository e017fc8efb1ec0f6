// Package intergiro speaks the individuals, onboarding, events, pending-actions, consents and accounts part of Intergiro's "Onboarding as a
// Service" API v3, so that a client written for it changes its base URL, its key and its webhook target and nothing else.
//
// The way of a request: [New] puts the kit's front before one literal list of routes; a route reads its body member by member (body.go, so
// that one answer names every fault), calls [usher.Service], and answers with a shape of wire.go filled by map.go. The way of an event: the
// engine calls [Renderer.Render] inside the commit for the thin webhook body; the client fetches the rest with GET /v3/events/:id, for which
// history.go reads the session's events once more. A test holds the two to the same names.
//
// Where each part comes from. "Seed" is the vendor's oldest public page on onboarding, the other names are pages of the vendor's developer
// portal, "ours" is a choice of our own where the vendor's public text is silent (docs/dialects/intergiro.md lists them).
//
//	login, refresh, lifetimes 15 and 60 min, 400 on an early refresh     getting-started/authentication; bodies of errors ours
//	individual: members of the request, PATCH of e-mail and phone        seed; the response's shape ours
//	onboard: return_url, redirect_url, expires_at                        seed; token: onboarding/onboard
//	statuses of an individual                                            seed, common/simulation
//	event object, thin webhook, three names                              seed; the two PendingAction names: common/pending-actions
//	pending action, filters individual_id, event_id, completed           common/pending-actions
//	consent: method{redirect_url, token, expires_at}                     getting-started/sca
//	account, bank details (post_code included)                           accounts
//	validation: a list of errors, no empty strings, no null              getting-started/specification; the words of the codes ours
//	422 request_blocked with the list of statuses                        common/simulation/simulation-pending-actions, word for word
//	cursor paging                                                        specification of the vendor's sibling API
//	bodies of the two onboarding simulations                             ours
//
// The facts of the seed, each of which a test holds (docs/dialects/COVERAGE.md):
//
//	S1   POST /v3/individuals takes names, email, phone_number and date_of_birth
//	S2   the address is optional
//	S3   GET /v3/individuals/:id gives the individual once created
//	S4   POST /v3/individuals/:id/onboard takes return_url and answers 200 with redirect_url and expires_at
//	S5   the user is sent to redirect_url; in an iframe it does not work
//	S6   the user submitted everything: IndividualOnboardingDataProvided, and the status onboarding_data_provided
//	S7   a webhook's body is id, name and created_at
//	S8   GET /v3/events/:id, by the id of the webhook, gives the same with the payload individual_id
//	S9   a user who drops off stays onboarding_requested, and is sent to the form by onboard once again
//	S10  IndividualActivated: successfully onboarded
//	S11  IndividualBlocked: rejected
//	S12  PATCH changes email and phone_number, while onboarding and when activated
//	S13  any other detail is not for the API to change
//	S14  ids are UUIDs, times are ISO 8601 in UTC with milliseconds and Z
//
// A pending action is not stored: it is an event by which a session asks the applicant for something after the first submission, read together
// with what became of it. Its id is that event's id, its consent's id is the session's id.
package intergiro

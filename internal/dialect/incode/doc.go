// Package incode speaks the onboarding part of Incode's "Omni" API 1.0, so that a firm's integration with it runs against usher by a change of base
// URL and credentials.
//
// The way of a request: [Open] puts a door before the kit's front, which brings the two forms of a path (/omni/… with an API key, /0/omni/… with a
// session's token alone) to one, answers browsers, and tells the time taken; who (door.go) finds out who calls; a route reads its body, calls
// [usher.Service] and answers with a shape of wire.go filled by the functions beside it. The way of an event: the engine calls [Renderer.Render]
// inside the commit; one event may be told by several webhooks, a status first. Polling (map.go) and webhooks read the same tables.
//
// An interview's id is the session's key, 24 hex digits; a flow's id is computed from its name. Module calls are synchronous at the vendor: a call
// that sends checks out waits for them, and so does one that reads results, so that what a *_FINISHED status promises is there when it is read.
// What this server does not measure (masks, lenses, spoofs without a provider for them) is null, and a module that did not run is null in a score.
//
// Where each part comes from. "Seed" is the vendor's page on onboarding statuses and webhooks; the rest is put together from the vendor's other
// public pages, its public samples and the recorded answers in a published client of it; docs/dialects/incode.md says what is a choice of ours.
//
// What the seed says, by the ids of docs/dialects/COVERAGE.md:
//
//	S1   ID_VALIDATION_FINISHED: the document was captured
//	S2   POST_PROCESSING_FINISHED: the server has processed it
//	S3   FACE_VALIDATION_FINISHED: the selfie was captured
//	S4   GOVERNMENT_VALIDATION_FINISHED: the register was asked
//	S5   ONBOARDING_FINISHED: the user completed everything
//	S6   MANUAL_REVIEW_APPROVED, _REJECTED: an executive decided a session that needed review
//	S7   UNKNOWN: not begun, or the document is still being captured
//	S8   after a status that ends in FINISHED, the data of its module can be fetched
//	S9   the onboarding status webhook is sent every time the status changes
//	S10  webhook when the recording of a video selfie is there
//	S11  webhook when a global watchlist result changed
//	S12  webhook when a face authentication succeeds or fails
//	S13  webhook after a work history search (Mexico)
//	S14  webhook after a payment proof was validated (Mexico)
//	S15  four session webhooks: started, failed, succeeded, pending review, for any session of a flow
//	S16  polling is for the status only, and there is a call that tells whether processing is done
//	S17  deprecated, and not built: authentication 1:1 and 1:N, INE scraping
package incode

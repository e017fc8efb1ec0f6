// Package celcoin speaks Celcoin's Onboarding/KYC API: token, proposals of persons and companies, their files and journeys, the five onboarding
// webhooks with their management and replay, and as much of the account API as onboarding leads to. A client written for it changes its base
// URL and its credentials and nothing else.
//
// The way of a request: [Open] puts the kit's front before one literal list of routes; a route reads its body into a shape of wire.go, holds it
// to the rules of check.go, calls [usher.Service], and answers with a shape filled by map.go. The way of an event: the engine calls
// [Renderer.Render] inside the commit; one event of a session may be several of the vendor's messages. What the domain has no member for (a
// mother's name, financial codes, the parts of a Brazilian address) is kept with the session as the proposal that was sent.
//
// A proposal is a session and its id is the session's; clientCode is the session's key, documentNumber the reference of its applicant. The two
// checks of the vendor are the run steps of the flow: documentscopy those that look at documents and faces, the background check all others.
//
// Where each part comes from. "Seed" is the vendor's page on onboarding webhooks, and these are its facts:
//
//	S1   five events tell of status changes, approvals and refusals to whom a client configures
//	S2   option 1, phased: the background check first, then documentscopy
//	S3   onboarding-backgroundcheck tells the status of the background check
//	S4   onboarding-documentscopy tells the status of documentscopy
//	S5   onboarding-file carries the address of the documents that were sent
//	S6   onboarding-file follows onboarding-documentscopy PROCESSING
//	S7   onboarding-proposal tells the result: APPROVED or REPROVED
//	S8   onboarding-create tells of the account, always CONFIRMED or ERROR
//	S9   option 2, continuous: documentscopy first, then the background check
//	S10  the order of the kinds of event in option 2: documentscopy, file, backgroundcheck, proposal, create
//
// Paths, members, limits and statuses of proposals are those of the vendor's OpenAPI file of its onboarding service 1.0.0; error codes, and what
// a parser must forgive, are known from the vendor's public clients; the bodies of webhooks from what its clients recorded. Where nobody says,
// docs/dialects/celcoin.md lists what we chose.
package celcoin

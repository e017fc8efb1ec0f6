// Package mobbscan speaks the MobbScan gateway: create an onboarding process, read its status, data and evidence, accept or reject it, so that a
// client written for the gateway changes its base URL, its key and secret and nothing else.
//
// The way of a request: [Open] puts the kit's front before one literal list of routes (mobbscan.go); a route calls [usher.Service] and answers
// with a shape of wire.go filled by map.go, or with a file (file.go). Errors leave through fail.go. The way of an event: the engine calls
// [Renderer.Render] inside the commit for a webhook of two members; the client reads the rest with getVerificationProcessData. The hosted page asks
// page.go where the browser goes and what the framing page is posted.
//
// A process is a session. Its verificationId is the session's id, its scanId the session's second name, which the client may choose; every path
// takes either. What the gateway keeps that the core has no name for (type and country asked for, the integrator's extra data, the onboarding
// token) stands in the session's metadata.
//
// Where each part comes from: only a part of the vendor's API reference is public. What the vendor's integration guide states, and a test holds
// (docs/dialects/COVERAGE.md):
//
//	S1   access credentials are an API key and a secret
//	S2   the API has one configurable base URL
//	S3   a webhook is optional
//	S4   a request with the configuration creates a process, which gets a unique identifier
//	S5   the user is redirected to the URL that the API generated, or the URL is framed
//	S6   after the user's part automatic validations run if configured, or the process waits for an agent
//	S7   the integrator accepts, rejects, or asks for manual review
//	S8   rejecting needs a reason
//	S9   accepting and rejecting is done by the API or by an agent
//	S10  a change of the status is told to the webhook
//	S11  the webhook's address is registered for the installation, not by a call of this API
//	S12  the data of a process is read by its identifier
//	S13  the evidence of a process is read by its identifier
//
// Paths, request members, status words, criteria and error codes are from the vendor's other public pages and from public clients of the gateway;
// most bodies of answers, the server-to-server uploads and the statuses of errors are ours (docs/dialects/mobbscan.md lists them).
package mobbscan

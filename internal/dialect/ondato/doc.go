// Package ondato speaks Ondato's token endpoint, IDV API, KYC Identifications API, hosted link and webhooks, so that a client written for them
// changes four base URLs and its credentials and nothing else.
//
// The way of a request: [Open] puts the kit's front before one literal list of routes; a route reads its body into a shape of wire.go, calls
// [usher.Service] and answers with a shape filled by map.go. The way of an event: the engine calls the renderer of webhook.go inside the commit; the
// payload is made by the very functions that GET answers with, so that the two cannot differ.
//
// One session is two of the vendor's resources: the identity verification (IDV), whose id is the session's key, a random UUID and the only secret of
// the hosted link; and, once the applicant has come to the document, the KYC identification, whose id follows from the session's own (ids.go). A flow
// is two setups in the same way.
//
// What the vendor's public page on customer onboarding says, and docs/dialects/COVERAGE.md ties to tests:
//
//	S1  POST /v1/identity-verifications/ takes setupId and answers 201 with the id of the identity verification
//	S2  the customer is sent to {hosted page}/?id={id}
//	S3  KycIdentification.Created when the customer starts an identification
//	S4  Idv.Consented when the customer accepts the consent text
//	S5  KycIdentification.Processed when the customer has completed it
//	S6  KycIdentification.Approved when it is identified, by hand or automatically
//	S7  KycIdentification.Updated when document data is changed by staff
//	S8  KycIdentification.Rejected when it is unidentified, by hand or automatically
//	S9  a KycIdentification event carries the identification, an Idv event the identity verification, as their GET gives them
//	S10 GET /v1/identity-verifications/{id} of the IDV API gives the id of the KYC identification
//	S11 GET /v1/identifications/{id} of the KYC Identifications API gives its details
//
// The rest comes from the vendor's later pages and samples, as docs/dialects/ondato.md says, with what is a choice of ours.
package ondato

// Package native is the server's own API: JSON over HTTP, described by the OpenAPI document that it serves at /openapi.yaml.
//
// One file per resource holds its operations, each a small function from a typed request to a typed answer; wire_*.go hold the shapes. huma
// reads those types: it checks requests against them and writes the document from them, so that what is documented is what happens. What
// stands in front of the operations (sign-in, limits, idempotency, log) is [api.Front]; what the operations do is [usher.Service]. Errors of
// both and of huma's checks leave in one shape, problem+json.
//
// [Renderer] writes events for webhooks in the same shape in which GET /v1/events gives them.
package native

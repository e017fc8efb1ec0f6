// Package outside lets any engine outside of this server do a check, of any kind, over HTTP: a register, a company that
// compares faces, a firm that calls former employers. docs/api/checks.md is its contract, with an example that runs.
//
// The way of data: the engine asks a [usher.Checker] of this package; it posts a signed JSON request with the applicant's
// details and evidence (as links that end soon, or in the request itself) to the provider's address. The provider answers
// with a result at once, or with 202 and calls back later: [Outside.Routes] takes that call, holds it to the same rules,
// and hands it to the engine as a report. Either way the result is looked over before it is believed: it may not claim
// what a provider cannot, such as a simulation, or a verdict that rests on nothing.
//
// What cannot be had is an error, which the engine asks for again; when its tries are used up, or the provider has not
// called back in time, the outcome is unavailable and a reviewer looks. No error names anything that a provider or an
// applicant said.
package outside

// Package webhook tells clients what happened: it drains the outbox, signs each message and posts it to its endpoint until the endpoint has
// taken it or every try is used up.
//
// The way of data: the engine renders an event and stores the bytes as a delivery in the transaction that changes the session, and calls
// [Sender.Wake] after the commit. The [Sender] claims due deliveries (of each endpoint and subject the oldest, with the line behind it), queues
// them by host, and posts lines side by side, each in its order until a try fails. How the tries of a line ended goes back in one Exchange,
// which makes the next in line due and claims more.
//
//	outbox ──Exchange──▶ lanes (one per host) ──▶ post: authenticate, sign, send ──▶ verdict ──Exchange──▶ outbox
//
// A lane keeps one slow or hanging host from taking the places of the others: at most [Config.PerHost] tries at once, fewer while the host
// does not keep up.
//
// Every call goes through [NewClient], which refuses addresses that are not public when it dials, where name tricks no longer help. Other
// callers of addresses that a tenant chose (account openers, outside checks) are given the same client by the composition root.
//
// [Sign] and [Verify] are Standard Webhooks 1.0.0. Logs hold ids, statuses and times, never bodies, answers or addresses.
package webhook

// Package sender brings one-time codes to people: by SMTP, by a text message gateway over HTTP, or, for trying things out, into the log.
//
// The engine draws a code and hands the message, already in the applicant's language, to the [usher.CodeSender] of its channel; nothing is kept
// here, and an error tells nothing of whom the message was for. What a message says stays out of every log but that of [Log].
package sender

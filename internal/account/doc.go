// Package account opens accounts for approved applicants. Each opener is an [usher.AccountOpener]: the engine gives it an approved applicant
// and a key that is the same for every try of one account; it gives back the account, a refusal, or an error that means "ask me again".
//
//   - [Internal] issues a record of its own, with a number in a bank code that no bank has. It lets a chain run to its end with nothing
//     else installed, and says of itself that it is a test.
//   - [HTTP] asks the firm's own core banking by one POST.
package account

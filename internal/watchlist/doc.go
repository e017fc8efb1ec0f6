// Package watchlist screens names against sanctions and other watchlists. It is a library of its own: it knows nothing of applicants, sessions or HTTP.
//
// A reader (package source below it) turns a list's file into [Entity] records. An index is built of the records of all lists in use, held as an
// immutable snapshot and searched with a query (a name, with whatever else is known of the person); an answer holds hits, each with its score explained token by token.
package watchlist

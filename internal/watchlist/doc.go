// Package watchlist screens names against sanctions and other watchlists. It is a library of its own: it knows nothing of applicants, sessions or HTTP.
//
// A reader (package source below it) turns a list's file into [Entity] records. A [Builder] makes an [Index] of the records of all lists in use: an
// immutable snapshot, in memory or mapped from a file, that any number of goroutines search with a [Query] (a name, with whatever else is known of the
// person). An [Answer] holds hits, each with its score explained word by word.
//
// On its way a name is romanised (package roman) and split into words (words.go). Each word is looked up in the dictionary by keys that words alike have
// in common (keys.go) and compared (similar.go); bounds over the words found tell which names can be hits at all (collect.go); these are scored
// (score.go), lowered or lifted by dates, countries and numbers (modify.go), and explained (explain.go). What a
// record says besides comes with a hit only when it is asked for (record.go).
//
// A score depends on the query, the record and the frozen tables (frozen.go) alone, never on what else is listed: scores do not drift when a list grows,
// and searching an index of the changed records says exactly what searching all would say of them. Package eval measures how much is found.
package watchlist

// Package screening keeps the watchlists of a server: it brings their editions in, holds the index that is searched, and has every monitored
// applicant looked at again when a list changes.
//
//	feed (address, dropped file) ──▶ source.Library ──▶ index ──swap──▶ Screen
//	                                        └─ difference to the edition before ──▶ usher.Screenings.Rescreen
//
// An edition that is refused leaves the one in use as it is; a list that was not found to be current for too long is marked stale in every
// answer. The index is kept as a snapshot beside the lists, so that a restart need not build it. Which edition the monitored applicants were
// last held against is kept as well: a process that ends in the middle begins that work again, and what was told is not told twice.
package screening

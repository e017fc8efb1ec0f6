// Package bench measures whole onboardings on the real program, beside the limit that this machine sets in the same run: what the database
// driver alone, or the checks alone, can do. It holds benchmarks only; docs/BENCHMARKS.md has the figures and the commands.
//
// A ratio to the limit says something on any machine; a rate alone says something about this one.
package bench

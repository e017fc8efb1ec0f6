package ops

// PaceBytes is how much is held by [Pace].
const PaceBytes = 32 << 20

// Pace keeps the garbage collector from running for every few megabytes: it waits until as much has come as is in use, and a server's own data is so
// small that under load it would be at it tens of times a second (what that takes of a whole POST is in docs/BENCHMARKS.md). What is
// given counts as in use and is never touched, so that it takes addresses and no memory. Keep it with [runtime.KeepAlive] for as long as the
// server runs.
func Pace() []byte { return make([]byte, PaceBytes) }

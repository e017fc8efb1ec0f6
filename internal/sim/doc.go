// Package sim runs a whole house of nodes, clients, applicants, reviewers, providers and receivers in one process, under a fake clock, and
// breaks it as a seed says. It holds tests only.
//
// The way of data: every node is the real engine and the real webhook sender over the real store, on one SQLite file that all nodes share.
// Whoever is about to touch something that others can see (a statement, a commit, a provider, a receiver, the next wish of a client) halts at
// a gate and is named there. The world waits until everybody halts, picks one by the seed, lets it go, and so on: there is one order of
// things for a seed, and no other. Between two steps it may kill a node, start one, move a node's clock or let time pass. What a halt does
// (a commit that fails, or fails after it was done; a provider that hangs; a receiver that took a message and is cut off) is drawn from the
// seed and the halt's name. When the clients are done, faults end, time goes on until nothing more happens, and the oracle compares what
// everybody was told with what is stored: docs/decisions/0016 lists the invariants, and what cannot be seen from here.
//
//	go test ./internal/sim -run TestSeeds -seed 4711   one seed, with the end of its trace
//	make sim SEEDS=5000                                many
package sim

// Command usher runs an onboarding server and the tools around it. It is the only composition root: [open] in house.go holds the literal lists of
// dialects, checks and account openers, and everything else is told what it needs.
//
// Data passes through like this: main picks a command, settings are read from flags, environment and file, open puts the house together, and
// the command serves it, walks through it (demo), looks it over (doctor) or changes one thing in it (tenant, client, staff, flow).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/usher-kyc/usher"
)

// Exit codes, as `usher help` lists them.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitFound  = 3
)

// console is where a command reads and writes; tests bring their own.
type console struct {
	out, err io.Writer
	env      func(string) string
}

// command is one word of the command line.
type command struct {
	name, args, about, example string
	run                        func(ctx context.Context, c console, args []string) error
}

func commands() []command {
	return []command{
		{"serve", "[--dev] [--addr HOST:PORT] [--data DIR] …", "run the server", "usher serve --dev", serve},
		{"demo", "[--once]", "walk one made-up person through the whole chain, and stay up to be tried by hand", "usher demo --once", demo},
		{"doctor", "[--data DIR] [--json] …", "check that this installation can run, and prove it with a made-up person", "usher doctor", doctor},
		{
			"migrate", "[--check] | --from sqlite --to postgres --database URL [--blob URL] [--dry-run] | --from folder --to bucket --blob URL",
			"bring the schema up to date, or move a living installation to PostgreSQL and its evidence to a bucket",
			"usher migrate --from sqlite --to postgres --data ./data --database postgres://usher@db.example/usher --blob s3://evidence", migrateCommand,
		},
		{
			"backup", "--to FOLDER [--evidence FOLDER|none] [--data DIR]", "copy an installation on SQLite while it serves; without the master key",
			"usher backup --to /backup/monday --evidence /backup/evidence", backupCommand,
		},
		{
			"restore", "--from FOLDER [--keys FILE] --data DIR", "make a data folder of a back-up", "usher restore --from /backup/monday --data ./data", restoreCommand,
		},
		{
			"tenant", "create --name NAME [--mode live|sandbox] | list", "manage the firms that use this server",
			`usher tenant create --name "Example Bank" --mode live`, tenantCommand,
		},
		{
			"client", "create --tenant ID --dialect native|VENDOR [--return-url URL] | list | rotate ID | revoke ID | allow --from NET ID | expire --expires DAY ID", "manage a tenant's API credentials",
			"usher client create --tenant ID --dialect native --return-url https://bank.example/", clientCommand,
		},
		{
			"staff", "invite --tenant ID --email ADDRESS --role ROLE | reset|release|sign-out --tenant ID --email ADDRESS | create … | list --tenant ID",
			"manage who may sign in at the desk", "usher staff invite --tenant ID --email ann@bank.example --role reviewer", staffCommand,
		},
		{
			"flow", "check FILE | publish --tenant ID FILE | show --tenant ID NAME", "check and publish flows",
			"usher flow check onboarding.yaml", flowCommand,
		},
		{
			"endpoint", "create --tenant ID --url URL [--dialect native|VENDOR] … | list --tenant ID | test|rotate|delete --tenant ID ENDPOINT",
			"manage where a tenant's events are sent", "usher endpoint create --tenant ID --url https://bank.example/hooks --events session.approved,session.rejected",
			endpointCommand,
		},
		{
			"export", "--session ID --out FILE.zip | --applicant ID --to age1… --out FILE.zip.age", "write the evidence pack of a session, or all that is known of a person, encrypted to who asked",
			"usher export --session ID --out case.zip", exportCommand,
		},
		{"erase", "--applicant ID", "erase an applicant, or restrict them while the law has them kept", "usher erase --applicant ID", eraseCommand},
		{
			"retention", "show|set|plan --tenant ID [--abandoned DAYS] [--rejected DAYS] [--approved DAYS,law] …",
			"say for how long applicants are kept, and whom that would erase",
			"usher retention plan --tenant ID --rejected 365", retentionCommand,
		},
		{
			"audit", "verify [--checkpoints FILE] [--json] | export --out FILE [--tenant ID] [--from DAY] [--to DAY] | checkpoint | key [rotate]",
			"prove that the audit trail is as it was written, hand it to an auditor, sign where it ends, and make a new key for that",
			"usher audit verify", auditCommand,
		},
		{
			"receipt", "verify FILE --key FILE|--issuer URL [--status FILE] [--json] | keys | rotate",
			"verify the receipt of an approval, and manage the keys that sign receipts",
			"usher receipt verify receipt.sdjwt --issuer https://api.bank.example", receiptCommand,
		},
		{
			"watchlist", "import FOLDER|FILE [--list ID] | status | search NAME [--born DATE] | diff --list ID", "bring in, show, search and compare watchlists",
			"usher watchlist import ./lists", watchlistCommand,
		},
		{
			"bench", "screening --lists DIR [--seed N] [--json] | mrz --dir FOLDER [--json] [--wrong] | mrz --make FOLDER [--level L] [--count N] | document",
			"measure how fast and how well names are found on watchlists, and zones are read on documents", "usher bench mrz --dir ./pictures", benchCommand,
		},
		{
			"specimen", "chip [--out DIR]", "write the picture and the chip of a made-up passport, to try the check of chips with",
			"usher specimen chip --out ./chip", specimenCommand,
		},
		{
			"key", "list | add | use | rewrap | drop ID | seal", "change the master key: add and use a new one, put all keys into its wrap, drop the old one",
			"usher key list", keyCommand,
		},
		{"version", "[--json]", "say which build this is", "usher version", version},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, console{out: os.Stdout, err: os.Stderr, env: os.Getenv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// foundError is something wrong that a command was to look for.
type foundError struct{ error }

// usageError is a command line that does not make sense.
type usageError struct{ error }

// run carries out a command line and gives the exit code.
func run(ctx context.Context, c console, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		help(c.out)
		return exitOK
	}
	all := commands()
	i := slices.IndexFunc(all, func(k command) bool { return k.name == args[0] })
	if i < 0 {
		fmt.Fprintf(c.err, "usher: unknown command %q; see usher help\n", args[0])
		return exitUsage
	}
	if k := all[i].name; k != "serve" && k != "demo" { // what a server does by itself is not done by who started it
		ctx = usher.Acting(ctx, operator)
	}
	err := all[i].run(ctx, c, args[1:])
	var usage usageError
	var found foundError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(c.err, "usher %s: %v\nusage: usher %s %s\n", args[0], err, args[0], all[i].args)
		return exitUsage
	}
	fmt.Fprintf(c.err, "usher %s: %v\n", args[0], err)
	if errors.As(err, &found) {
		return exitFound
	}
	return exitFailed
}

func help(w io.Writer) {
	fmt.Fprintln(w, "usher: onboarding as a service, in one program")
	for _, k := range commands() {
		fmt.Fprintf(w, "\n  usher %s %s\n      %s\n      for example: %s\n", k.name, k.args, k.about, k.example)
	}
	fmt.Fprint(w, "\nEvery setting of serve is a flag, an environment variable USHER_… and a line of the file given by --config; see docs/OPERATIONS.md.\n"+
		"Exit codes: 0 done, 1 failed, 2 the command line does not make sense, 3 what was looked for was found: an audit trail that was changed, a receipt that does not count.\n")
}

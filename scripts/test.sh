#!/usr/bin/env bash
# The one command that a change must pass: installs what is missing, then looks at
# the code and runs every test, those in a real browser too, and under the race
# detector what it can find something in. RACE=0 goes without it, on a machine that
# has no C compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

summary=()
failed=0
step() { # step NAME COMMAND...: runs it, keeps its time, and goes on when it fails
	local name=$1 begin=$SECONDS word=ok
	shift
	echo "== $name"
	if ! "$@"; then
		word=FAILED
		failed=1
	fi
	summary+=("$(printf '%-6s %-40s %4d s' "$word" "$name" $((SECONDS - begin)))")
}

# Without these nothing below can tell right from wrong.
scripts/needs.sh
scripts/s3.sh

race=(-race)
tests="tests, with the race detector"
if [ "${RACE:-1}" = 0 ]; then
	race=()
	tests="tests, WITHOUT the race detector"
fi
# Pictures of pages that failed are kept where nobody can look again; elsewhere they
# would cost the cache of tests that passed, and make browser keeps them.
keep=()
if [ -n "${CI:-}" ]; then
	keep=(-artifacts -outputdir "$PWD/.artifacts")
fi
export GOFLAGS="${GOFLAGS:-} -mod=readonly"
mkdir -p .artifacts

step "lint" scripts/lint.sh
step "build" go build -trimpath -o .artifacts/bin/ ./cmd/...
# What works on pixels, hashes and passwords, the transcripts of the dialects, and pages and programs as a
# whole are five to ten times slower under the race detector and hardly run two things at once: they
# are tested whole without, and shortened with it (no browser, fewer pictures).
slow='internal/(mrz|barcode|picture|specimen|audit|auth|check|dialect|hosted|desk|sim|crashtest|report|browsertest|store/move)|cmd'
mapfile -t alone < <(go list ./... | grep -E "/($slow)(/|$)")
mapfile -t others < <(go list ./... | grep -vE "/($slow)(/|$)")
# Of these, what does two things at once.
mapfile -t shared < <(go list ./... | grep -E "/internal/(picture|auth|check|dialect|hosted|desk)(/|$)")

step "$tests" go test "${race[@]}" "${keep[@]}" -timeout 14m "${others[@]}"
# What the engine and each dialect promise holds on the other database too.
step "engine and dialects, on PostgreSQL" env USHER_TEST_STORE=postgres go test -short "${keep[@]}" -timeout 10m ./internal/engine ./internal/dialect/...
step "pictures, dialects and pages, whole" go test "${keep[@]}" -timeout 10m "${alone[@]}"
if [ ${#race[@]} -gt 0 ]; then
	step "checks, dialects and pages, shortened, with the race detector" go test -race -short "${keep[@]}" -timeout 10m "${shared[@]}"
fi

echo "== summary"
printf '%s\n' "${summary[@]}"
if [ $failed -ne 0 ]; then
	echo "FAILED"
	exit 1
fi
echo "all passed in $SECONDS s"

#!/usr/bin/env bash
# Looks at the code without running it: format, go vet, staticcheck, and our own
# choice of analyzers (docs/decisions/0001). The tools are built from tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
bin=$root/.artifacts/bin
mkdir -p "$bin"

echo "lint: building the tools"
go -C tools build -o "$bin/" ./lint mvdan.cc/gofumpt honnef.co/go/tools/cmd/staticcheck

failed=0
echo "lint: format"
sources() {
	git ls-files --cached --others --exclude-standard -- '*.go' | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
}
# gofumpt carries a printer of its own, which lines up tables of other scripts in another way than gofmt: both must agree.
unformatted=$( (sources | xargs -r "$bin/gofumpt" -l && sources | xargs -r "$(go env GOROOT)/bin/gofmt" -l) | sort -u) || failed=1
if [ -n "$unformatted" ]; then
	echo "not formatted (make fmt does it):"
	echo "$unformatted"
	failed=1
fi
echo "lint: licences of what is built in"
go -C tools test ./sbom || failed=1
echo "lint: go vet"
go vet ./... || failed=1
echo "lint: staticcheck"
"$bin/staticcheck" ./... || failed=1
echo "lint: errors looked at, bodies closed"
go vet -vettool="$bin/lint" -errcheck.exclude="$root/tools/lint/unchecked.txt" ./... || failed=1
exit $failed

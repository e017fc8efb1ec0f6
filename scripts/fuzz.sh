#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (default 10s), one after the other. An input
# that fails is written to the package's testdata/fuzz, where go test finds it.
# Making an input smaller that reaches new code is cut short: go's default of a
# minute for each would leave hardly any time for finding others.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
count=0
while IFS=: read -r file name; do
	count=$((count + 1))
	echo "== $name in $(dirname "$file")"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" -fuzzminimizetime 200x "./$(dirname "$file")" || failed=1
done < <(git ls-files --cached --others --exclude-standard -- '*_test.go' |
	xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's/func //' | sort)
echo "$count fuzz targets, ${FUZZTIME:-10s} each"
exit $failed

#!/usr/bin/env bash
# Runs the tests of the packages that open pages in Chromium; arguments go to go
# test. Pictures that tests take are kept in .artifacts/_artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/needs.sh
mkdir -p .artifacts
go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
	awk '/\/internal\/browsertest( |$)/ {print $1}' |
	xargs -r go test -count=1 -artifacts -outputdir "$PWD/.artifacts" "$@"

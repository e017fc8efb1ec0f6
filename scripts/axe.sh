#!/usr/bin/env bash
# Fetches axe-core of the given version from the npm registry into the browser
# tests. Only this needs npm; the tests use the file as it lies in the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:?"usage: scripts/axe.sh VERSION"}
into=internal/browsertest/axe
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "axe-core@$version" && tar xzf "axe-core-$version.tgz")
cp "$work/package/axe.min.js" "$work/package/LICENSE" "$into/"
sha256sum "$into/axe.min.js"
echo "now name $version in internal/browsertest/axe.go and docs/DEPENDENCIES.md"

#!/usr/bin/env bash
# Sees to it that this machine has what the tests need: Go, a C compiler (for the
# race detector), Chromium (for the browser tests), curl and jq (for the examples in the docs),
# poppler-utils (for evidence reports), zxing-cpp-tools (a second opinion on barcodes) and PostgreSQL. What is missing is installed
# with apt when we may, and named with its command when we may not.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v go >/dev/null; then
	echo "needs: Go is missing; see https://go.dev/doc/install" >&2
	exit 1
fi
# An older Go fetches the toolchain that go.mod asks for by itself.
go version >/dev/null

missing=()
if [ "${RACE:-1}" != 0 ] && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
	missing+=(gcc libc6-dev)
fi
browser=
for name in chromium chromium-browser google-chrome google-chrome-stable headless_shell; do
	if command -v "$name" >/dev/null; then
		browser=$name
		break
	fi
done
if [ -z "$browser" ]; then
	missing+=(chromium fonts-dejavu-core)
fi
# The examples of the README and the API's guide are run as a reader would.
for tool in curl jq openssl; do
	if ! command -v "$tool" >/dev/null; then
		missing+=("$tool")
	fi
done
# Evidence reports are read back.
if ! command -v pdftotext >/dev/null || ! command -v pdfimages >/dev/null; then
	missing+=(poppler-utils)
fi
# Another reader and writer of barcodes must agree with ours.
if ! command -v ZXingReader >/dev/null || ! command -v ZXingWriter >/dev/null; then
	missing+=(zxing-cpp-tools)
fi
# The tests start a PostgreSQL of their own, unless they are given one.
if [ -z "${USHER_TEST_DATABASE:-}" ] && ! command -v postgres >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
	missing+=(postgresql)
fi
# And reach it by way of a pooler.
if ! command -v pgbouncer >/dev/null && [ ! -x /usr/sbin/pgbouncer ]; then
	missing+=(pgbouncer)
fi
# Our answers about national numbers are held against those of another library; without it that one test is skipped.
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; } && ! /usr/bin/python3 -c "import stdnum" 2>/dev/null; then
	missing+=(python3-stdnum)
fi
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo -n)
fi
install=(apt-get install -y --no-install-recommends "${missing[@]}")
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
	echo "needs: the tests need ${missing[*]}, and this script may not install them here." >&2
	echo "needs: as root, run: apt-get update && ${install[*]}" >&2
	exit 1
fi
echo "needs: installing ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}"

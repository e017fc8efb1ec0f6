#!/usr/bin/env bash
# Builds the S3 server that tests keep evidence in, into .artifacts/bin. It is built from a
# module of its own, tools/s3, so that nothing of it reaches the program's. Takes two minutes
# the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.artifacts/bin/versitygw
if [ -x "$bin" ] && [ "$bin" -nt tools/s3/go.mod ]; then
	exit 0
fi
echo "s3: building the S3 server for tests"
mkdir -p "$(dirname "$bin")"
go -C tools/s3 build -o "$bin.new" github.com/versity/versitygw/cmd/versitygw
mv "$bin.new" "$bin"

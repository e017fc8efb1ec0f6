#!/usr/bin/env bash
# Runs the program as an image made from nothing would: a static binary in a root that holds nothing else and cannot be written but for /data and /tmp,
# as a user without rights or capabilities, with a network of its own that has loopback alone. doctor, which ends with a made-up person who is
# onboarded, must find nothing wrong there. Needs root, to make that root.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$root/usher" ./cmd/usher
mkdir "$root/data" "$root/tmp"
chmod 0755 "$root" "$root/usher"
ls -l "$root/usher"
unshare --mount --net --pid --fork --ipc --uts bash -euc '
	root=$1
	mount --bind "$root" "$root"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs "$root/data"
	mount -o remount,bind,ro "$root"
	ip link set lo up
	setpriv=$(command -v setpriv) chroot=$(command -v chroot)
	export USHER_DATA=/data HOME=/ PATH=/
	"$setpriv" --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid "$chroot" --userspec=65532:65532 --groups= "$root" /usher doctor
' bash "$root"

#!/bin/sh
# Runs a command in the root of the peers: in_root.sh ROOT COMMAND [ARGUMENT...]
# /proc and /sys are there too, since libraries ask them what the processor is; the mounts are this
# command's own and end with it.
set -eu
root=$1
shift
# The inner shell has the root as its $0.
exec unshare --mount sh -euc '
  mount -t proc proc "$0/proc"
  mount --rbind /sys "$0/sys"
  exec chroot "$0" "$@"' "$root" "$@"

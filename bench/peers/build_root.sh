#!/usr/bin/env bash
# Makes the folder with the peers of the benchmark: a Debian 13 with their packages, ONNX Runtime from
# npm's, and our drivers, compiled there. Does again only what is missing or older than its source.
#   build_root.sh ROOT
set -euo pipefail
root=$(realpath -m "$1")
here=$(cd "$(dirname "$0")" && pwd)
project=$here/../..
npm=$project/build/npm/node_modules
release=trixie

if [[ $(id -u) != 0 ]]; then
  echo "Only root can make the root of the peers ($root) and run programs in it." >&2
  exit 1
fi

if [[ ! -e $root/.complete ]]; then
  # The mirror is the one that this machine's own packages come from.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Created-By: Packages' |
    grep -v security | head -n 1)
  rm -rf "$root"
  debootstrap --variant=minbase "$release" "$root" "$mirror"
  packages=$(sed 's/#.*//' "$project/scripts/packages/peers-root.txt" | xargs)
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive chroot "$root" \
    sh -c 'apt-get -qq update && apt-get -qq install --yes --no-install-recommends "$@" && apt-get clean' \
    sh $packages
  touch "$root/.complete"
fi

mkdir -p "$root/opt/peers"
cp --update "$here"/drivers/* "$npm"/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1 \
  "$root/opt/peers/"
compile() { # NAME FLAGS...
  local name=$1
  shift
  if [[ ! -e $root/opt/peers/$name || -n $(find "$here/drivers" -newer "$root/opt/peers/$name") ]]; then
    chroot "$root" sh -euc 'cd /opt/peers && name=$1 && shift && g++ -O2 -std=c++20 "$name.cc" -o "$name" "$@"' \
      sh "$name" "$@"
  fi
}
compile onednn -ldnnl
compile onnxruntime -isystem /usr/include/onnxruntime -ldl
compile opencv -isystem /usr/include/opencv4 -lopencv_imgproc -lopencv_core

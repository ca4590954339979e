#!/usr/bin/env bash
# Installs what is missing for a purpose: scripts/install.sh build photo test
# Each purpose is a list of Debian packages, scripts/packages/PURPOSE.txt. Does nothing, and says
# nothing, when all are there.
set -euo pipefail
cd "$(dirname "$0")/packages"

wanted=$(for purpose in "$@"; do sed 's/#.*//' "$purpose.txt"; done | xargs)

if ! command -v dpkg-query apt-get >/dev/null; then
  echo "This is no Debian system, so nothing is installed; the build needs what Debian calls: $wanted"
  exit 0
fi

missing=()
for package in $wanted; do
  if ! dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
    grep -qx installed; then
    missing+=("$package")
  fi
done
if [[ ${#missing[@]} == 0 ]]; then
  exit 0
fi

as_root=()
if [[ $(id -u) != 0 ]]; then
  as_root=(sudo)
  # Without a terminal nobody can type a password.
  if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
    echo "These Debian packages are missing and only root can install them: ${missing[*]}" >&2
    exit 1
  fi
fi

echo "Installing with apt-get: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
"${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}"

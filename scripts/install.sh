#!/usr/bin/env bash
# Installs what is missing for a purpose: scripts/install.sh build photo test
# Each purpose is a list, scripts/packages/PURPOSE.txt: of Debian packages and, as npm:NAME@VERSION,
# of packages for Node, which go into build/npm. Does nothing, and says nothing, when all are there.
set -euo pipefail
cd "$(dirname "$0")/packages"
npm_folder=$(realpath -m ../../build/npm)

for_debian=()
for_npm=()
for package in $(for purpose in "$@"; do sed 's/#.*//' "$purpose.txt"; done | xargs -n 1 | sort -u); do
  case $package in
  npm:*) for_npm+=("${package#npm:}") ;;
  *) for_debian+=("$package") ;;
  esac
done

missing_from_npm=()
for package in "${for_npm[@]}"; do
  if ! grep -qs "\"version\": \"${package##*@}\"" "$npm_folder/node_modules/${package%@*}/package.json"; then
    missing_from_npm+=("$package")
  fi
done
if [[ ${#missing_from_npm[@]} != 0 ]] && ! command -v npm >/dev/null; then
  for_debian+=(nodejs npm)
fi

install_from_debian() {
  if ! command -v dpkg-query apt-get >/dev/null; then
    echo "This is no Debian system, so nothing is installed; the build needs what Debian calls: $*"
    return
  fi

  local missing=()
  for package in "$@"; do
    if ! dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed; then
      missing+=("$package")
    fi
  done
  if [[ ${#missing[@]} == 0 ]]; then
    return
  fi

  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    as_root=(sudo)
    # Without a terminal nobody can type a password.
    if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
      echo "These Debian packages are missing and only root can install them: ${missing[*]}" >&2
      exit 1
    fi
  fi

  echo "Installing with apt-get: ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update
  "${apt[@]}" install --yes --no-install-recommends "${missing[@]}"
}

if [[ ${#for_debian[@]} != 0 ]]; then
  install_from_debian "${for_debian[@]}"
fi
if [[ ${#missing_from_npm[@]} != 0 ]]; then
  echo "Installing with npm: ${missing_from_npm[*]}"
  mkdir -p "$npm_folder"
  # What packages would run while they are installed is left out: it downloads more. So are the
  # peers that they name, which are listed where they are needed.
  npm install --prefix "$npm_folder" --save-exact --ignore-scripts --legacy-peer-deps \
    --no-audit --no-fund --loglevel=error "${missing_from_npm[@]}"
fi

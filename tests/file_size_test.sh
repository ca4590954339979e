#!/usr/bin/env bash
# No file of the repository is larger than 1 MiB: what is large is generated or comes in a package.
set -euo pipefail
limit=1048576
large=$(git ls-files -z | xargs -0 stat --format='%s %n' | awk -v limit=$limit '$1 > limit')
if [[ -n $large ]]; then
  echo "larger than 1 MiB: $large"
  exit 1
fi

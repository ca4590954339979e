#!/usr/bin/env bash
# Builds what the tests named asan, tsan and fuzz run, so that the compiler's progress is seen here
# and not hidden inside a test.
set -euo pipefail
cd "$(dirname "$0")/.."
for preset in asan tsan fuzz; do
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
done

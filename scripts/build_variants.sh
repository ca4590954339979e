#!/usr/bin/env bash
# Builds what the tests named asan, tsan, fuzz and, on x86, neon run, so that the compiler's progress
# is seen here and not hidden inside a test.
set -euo pipefail
cd "$(dirname "$0")/.."
presets=(asan tsan fuzz)
if [[ $(uname -m) == x86_64 ]]; then
  presets+=(neon)
fi
for preset in "${presets[@]}"; do
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
done

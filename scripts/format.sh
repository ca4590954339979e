#!/usr/bin/env bash
# Formats every C++ file of the project, or with --check says where one is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
if [[ ${1:-} == --check ]]; then
  mode=(--dry-run --Werror)
fi
find include src cli examples bench tests \( -name '*.h' -o -name '*.cc' \) -print0 2>/dev/null |
  xargs -0 --no-run-if-empty clang-format "${mode[@]}"

#!/usr/bin/env bash
# Formats every C++ file of the project, or with --check says where one is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
if [[ ${1:-} == --check ]]; then
  mode=(--dry-run --Werror)
fi
find . \( -name .git -o -name node_modules -o -path ./build -o -path ./out \) -prune -o \
  \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 --no-run-if-empty clang-format "${mode[@]}"

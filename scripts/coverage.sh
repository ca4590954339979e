#!/usr/bin/env bash
# Which lines of the library the C++ tests reach. Prints the figure, and fails below 97%; the lines
# that no test reaches are in build/coverage/uncovered.txt, file by file. They are what happens when
# memory runs out and what can only happen when another check is wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/coverage

cmake --preset coverage >/dev/null
cmake --build --preset coverage
find "$build" -name '*.gcda' -delete # an earlier run's counts
# Two threads that count in the same cache lines take three times as long as one.
OMP_NUM_THREADS=1 ctest --preset coverage
gcovr --root . --filter src/ --filter include/ --exclude-throw-branches \
  --fail-under-line 97 \
  --txt "$build/uncovered.txt" --json-summary "$build/summary.json" --print-summary \
  "$build" | sed -n 's/^lines/Coverage of src and include, lines/p'
echo "The lines that no test reaches: $build/uncovered.txt"

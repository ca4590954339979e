#!/usr/bin/env bash
# Builds the page into a folder of static files, build/site: the engine by Emscripten, the rest by
# esbuild after TypeScript has checked it.
set -euo pipefail
cd "$(dirname "$0")/.."
for preset in web web-scalar; do
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
done
build/npm/node_modules/.bin/tsc --project web
node web/build.mjs build/site build/web-scalar/web/lens.wasm build/web/web/engine.wasm \
  build/web-scalar/web/engine.wasm

// Bundles the page into a folder of static files: node build.mjs OUT LENS ENGINE ENGINE-SCALAR
// Where the npm package @upscalerjs/esrgan-slim is there too, its first layer becomes learned.bin.
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstLayer } from "./learned.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "../build/npm/node_modules");
const { build } = createRequire(join(packages, "package.json"))("esbuild");
const [out, lens, engine, scalar] = process.argv.slice(2);
if (scalar === undefined) {
  console.error("usage: node build.mjs OUT lens.wasm engine.wasm engine-scalar.wasm");
  process.exit(2);
}
mkdirSync(out, { recursive: true });
rmSync(join(out, "parts"), { recursive: true, force: true });
await build({
  entryPoints: [join(here, "src/main.ts"), join(here, "src/worker.ts")],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  splitting: true,
  chunkNames: "parts/[name]-[hash]",
  nodePaths: [packages],
});
for (const file of ["index.html", "style.css", "icon.svg"]) {
  copyFileSync(join(here, file), join(out, file));
}
copyFileSync(lens, join(out, "lens.wasm"));
copyFileSync(engine, join(out, "engine.wasm"));
copyFileSync(scalar, join(out, "engine-scalar.wasm"));
cpSync(join(here, "pictures"), join(out, "pictures"), { recursive: true });
rmSync(join(out, "learned.bin"), { force: true });
const model = join(packages, "@upscalerjs/esrgan-slim/models/x4/model.json");
if (existsSync(model)) {
  writeFileSync(join(out, "learned.bin"), firstLayer(model));
}

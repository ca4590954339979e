// Runs the tests that need no browser, against the engine in build/site.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { build } = createRequire(join(here, "../../build/npm/node_modules/package.json"))("esbuild");
const site = join(here, "../../build/site");
if (!existsSync(site)) {
  console.error("build/site is missing; make site builds it");
  process.exit(2);
}
const out = mkdtempSync(join(tmpdir(), "lens-test-"));
const entryPoints = readdirSync(here).filter((name) => name.endsWith(".test.ts")).map((name) => join(here, name));
await build({ entryPoints, outdir: out, outExtension: { ".js": ".mjs" }, bundle: true, format: "esm", platform: "node", target: "es2022" });
const tests = [
  ...readdirSync(out).map((name) => join(out, name)),
  ...readdirSync(here).filter((name) => name.endsWith(".test.mjs")).map((name) => join(here, name)),
];
const engines = { LENS: resolve(site, "lens.wasm"), LENS_WASM: resolve(site, "engine.wasm") };
const { status } = spawnSync(process.execPath, ["--test", ...tests], { stdio: "inherit", env: { ...process.env, ...engines } });
rmSync(out, { recursive: true });
process.exit(status ?? 1);

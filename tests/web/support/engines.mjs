// The page's engines in node, through the page's own code.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { require, root, site } from "./packages.mjs";

const { build } = require("esbuild");
const bundled = await build({ entryPoints: [join(root, "web/src/engine.ts")], bundle: true, format: "esm", write: false });
export const { Engine, viewNames } = await import(
  `data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].text).toString("base64")}`
);

export const names = ["lens.wasm", "engine.wasm", "engine-scalar.wasm"];

/** One of them, with memory of its own. */
export async function load(name) {
  return Engine.load(readFileSync(join(site, name)));
}

export const engines = await Promise.all(names.map(load));

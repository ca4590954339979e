// The page's modules for node: bundled by esbuild in memory.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "../../build/npm/node_modules");
const { build } = createRequire(join(packages, "package.json"))("esbuild");

/** What src/NAME.ts exports. */
export async function load(name) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "../src", `${name}.ts`)],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    nodePaths: [packages],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

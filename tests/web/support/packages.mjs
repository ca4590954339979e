// The packages that scripts/install.sh puts beside the builds.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const site = join(root, "build/site");
export const require = createRequire(join(root, "build/npm/package.json"));

if (!existsSync(site)) {
  throw new Error("build/site is missing; make site builds it");
}

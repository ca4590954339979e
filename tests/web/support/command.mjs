// The command line, which the page must agree with.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const command = process.env.CONV2D_COMMAND;
if (!command) {
  throw new Error("CONV2D_COMMAND is the conv2d to compare with, but it is not set");
}

export const folder = mkdtempSync(join(tmpdir(), "conv2d-web-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What `conv2d ...` prints; throws with what it says where it refuses. */
export function conv2d(...given) {
  return execFileSync(command, given, { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

/** Runs a line as a person pastes it into a shell. */
export function inShell(line) {
  const path = `${join(command, "..")}:${process.env.PATH}`;
  return execFileSync("/bin/sh", ["-c", line], { cwd: folder, encoding: "utf8", env: { ...process.env, PATH: path } });
}

export function explain(layer, sizes, at = null) {
  const where = at === null ? [] : ["--at", at.join(",")];
  return JSON.parse(conv2d("explain", layer, "--input", sizes.join("x"), "--json", ...where));
}

/** The bytes of the figure that `conv2d figure` writes. */
export function figure(layer, sizes, ending, ...more) {
  conv2d("figure", layer, "--input", sizes.join("x"), "-o", `figure.${ending}`, ...more);
  return readFileSync(join(folder, `figure.${ending}`));
}

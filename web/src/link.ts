// The state of the page in its address, so that a link shows the same.
import { viewNames, type View } from "./engine";
import { setupOf, type Setup, type Triple } from "./app";

function triple(text: string | null): Triple | null {
  const numbers = (text ?? "").split(/[x,]/).map(Number);
  const good = numbers.length === 3 && numbers.every((number) => Number.isInteger(number) && number >= 0);
  return good ? (numbers as Triple) : null;
}

function editsText(edits: Map<number, number>): string {
  return [...edits].map(([at, value]) => `${at}:${value}`).join(";");
}

function editsOf(text: string | null): Map<number, number> {
  const edits = new Map<number, number>();
  for (const part of (text ?? "").split(";")) {
    const [at, value] = part.split(":").map(Number);
    if (part !== "" && Number.isInteger(at) && at >= 0 && Number.isFinite(value)) {
      edits.set(at, value);
    }
  }
  return edits;
}

export function toHash(setup: Setup, marks: ReadonlyMap<string, string> = new Map()): string {
  const query = new URLSearchParams({ layer: setup.layer, input: setup.input.join("x"), at: setup.at.join(",") });
  if (setup.seed !== 0) {
    query.set("seed", String(setup.seed));
  }
  if (setup.view !== "slide") {
    query.set("view", setup.view);
  }
  if (setup.flipped) {
    query.set("flipped", "1");
  }
  for (const [name, kind] of [["x", "input"], ["w", "weight"], ["b", "bias"]] as const) {
    if (setup.edits[kind].size > 0) {
      query.set(name, editsText(setup.edits[kind]));
    }
  }
  for (const [name, value] of marks) {
    query.set(name, value);
  }
  return "#" + query.toString();
}

/** A whole number that an address says beside the layer, such as tour=3. */
export function numberIn(hash: string, name: string): number | null {
  const text = new URLSearchParams(hash.replace(/^#/, "")).get(name) ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** What an address says; what it does not say, or says wrongly, is as `otherwise`. */
export function fromHash(hash: string, otherwise: Setup): Setup {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const layer = query.get("layer");
  const input = triple(query.get("input"));
  const setup = layer === null || input === null ? { ...otherwise } : setupOf(layer, input);
  const seed = Number(query.get("seed") ?? 0);
  setup.seed = Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32 ? seed : 0;
  setup.at = triple(query.get("at")) ?? setup.at;
  const view = query.get("view");
  setup.view = viewNames.includes(view as View) ? (view as View) : setup.view;
  setup.flipped = query.get("flipped") === "1";
  setup.edits = { input: editsOf(query.get("x")), weight: editsOf(query.get("w")), bias: editsOf(query.get("b")) };
  return setup;
}

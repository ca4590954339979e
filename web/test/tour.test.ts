// Every step of the tour can be done, begins undone, and answers a wrong try with a hint.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type App, setupOf, type Selection } from "../src/app";
import { type Deed, type Step, steps } from "../src/steps";
import { opened } from "./opened";

interface Try {
  deed: Deed;
  right(app: App): void;
  wrong(app: App): void;
}

const pin = (kind: Selection["kind"], ...index: number[]) => (app: App) => app.pin({ kind, index } as Selection);
const layer = (text: string) => (app: App) => app.open(setupOf(text, app.info.input_sizes));
const pinned = (right: (app: App) => void, wrong: (app: App) => void): Try => ({ deed: "pinned", right, wrong });
const changed = (right: string, wrong: string): Try => ({ deed: "layer", right: layer(right), wrong: layer(wrong) });

function zeroFirst(app: App): void {
  const at = app.sum.terms.find((term) => term.x === "1")!;
  const weight = app.weightAt(at.weight);
  app.edit("weight", weight, app.values.weight[weight] - app.values.output[0]);
}

const tries: Record<string, Try> = {
  "1": pinned(pin("output", 0, 1, 2), pin("output", 0, 2, 1)),
  "2": { deed: "values", right: zeroFirst, wrong: (app) => app.edit("weight", 0, 7) },
  "3": changed("Conv2d(1, 1, 4)", "Conv2d(1, 1, 2)"),
  "4": pinned(pin("output", 0, 4, 0), pin("output", 0, 0, 2)),
  "5": pinned(pin("input", 0, 5, 1), pin("input", 0, 1, 1)),
  "6": { deed: "values", right: (app) => app.edit("bias", 0, app.values.bias[0] - app.values.output[0]), wrong: (app) => app.edit("bias", 0, 100) },
  "7": changed("Conv2d(3, 4, 3)", "Conv2d(3, 5, 3)"),
  "8": changed("Conv2d(1, 1, 3, dilation=2)", "Conv2d(1, 1, 3, dilation=3)"),
  "9": changed("Conv2d(4, 4, 3, groups=4)", "Conv2d(4, 4, 3, groups=2)"),
  "10a": pinned(pin("input", 0, 2, 2), pin("input", 0, 0, 0)),
  "10b": changed("ConvTranspose2d(1, 1, 3, stride=2, output_padding=1)", "ConvTranspose2d(1, 1, 3, stride=2, padding=1)"),
};

function walk(app: App, step: Step): void {
  const { deed, right, wrong } = tries[step.number];
  app.open(step.setup());
  for (const sentence of [step.tell(app), step.ask(app)]) {
    assert.doesNotMatch(sentence, /undefined|NaN/);
  }
  assert.notEqual(step.check(app, deed), true, "it begins undone");
  wrong(app);
  assert.match(String(step.check(app, deed)), /\w+ \w+/, "a wrong try gets a hint");
  app.open(step.setup());
  right(app);
  assert.equal(step.check(app, deed), true);
  assert.doesNotMatch(step.shown(app), /undefined|NaN/);
}

for (const step of steps) {
  test(`step ${step.number}, ${step.title}`, async () => walk(await opened(), step));
}

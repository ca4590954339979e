// The three engines agree with each other and with the command line, bit for bit.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readSafetensors, writeNpy, writeSafetensors } from "./support/arrays.mjs";
import { conv2d, figure, folder } from "./support/command.mjs";
import { engines, load, names, viewNames } from "./support/engines.mjs";
import { randomLayer, Random } from "./support/random.mjs";

const seed = Number(process.env.CONV2D_WEB_SEED ?? Date.now() % 1_000_000);

/** What all three answer, once it is known to be the same. */
function same(question) {
  const [first, ...others] = engines.map(question);
  others.forEach((other, i) => assert.deepEqual(other, first, `${names[i + 1]} differs from ${names[0]}`));
  return first;
}

function someFloats(random, count) {
  return Float64Array.from({ length: count }, () => Math.fround(random.real()));
}

/** Opens a random layer with numbers that do not add up exactly. */
function openRandom(random) {
  const { layer, input } = randomLayer(random);
  const info = same((engine) => engine.open(layer, input, random.seed));
  const given = { input: someFloats(random, input.reduce((a, b) => a * b)), weight: someFloats(random, info.weight_sizes.reduce((a, b) => a * b)) };
  if (info.bias) {
    given.bias = someFloats(random, info.out_channels);
  }
  for (const [kind, values] of Object.entries(given)) {
    same((engine) => engine.set(kind, values));
  }
  return { layer, input, info, given, at: info.output_sizes.map((size) => random.below(size)) };
}

/** The layer's numbers as x.npy and w.safetensors. */
function write({ input, info, given }) {
  writeNpy(join(folder, "x.npy"), input, given.input);
  const tensors = { weight: [info.weight_sizes, given.weight], ...(given.bias ? { bias: [[info.out_channels], given.bias] } : {}) };
  writeSafetensors(join(folder, "w.safetensors"), tensors);
}

function explainGiven(opened) {
  const { layer, at } = opened;
  write(opened);
  return JSON.parse(conv2d("explain", layer, "--input", "x.npy", "--weights", "w.safetensors", "--json", "--at", at.join(",")));
}

/** A text is the shortest that reads back as the float. */
function assertNumber(text, number) {
  assert.equal(Math.fround(Number(text)), number, text);
}

function assertSum(sum, command) {
  assertNumber(sum.value, command.value);
  assertNumber(sum.sum, command.sum);
  assert.deepEqual(sum.terms.map(({ kind, channel, r, s, row, column, weight }) => [kind, channel, r, s, row, column, weight]),
    command.terms.map(({ kind, channel, r, s, row, column, weight }) => [kind, channel, r, s, row, column, weight]));
  sum.terms.forEach((term, i) => {
    assertNumber(term.w, command.terms[i].weight_value);
    if (term.input_row !== undefined) {
      assertNumber(term.x, command.terms[i].input_value);
      assertNumber(term.product, command.terms[i].product);
      assertNumber(term.running, command.terms[i].running);
    }
  });
  sum.channels.forEach((channel, i) => {
    assertNumber(channel.sum, command.channels[i].sum);
    assertNumber(channel.running, command.channels[i].running);
  });
}

test(`random layers have the same sums in the page's engines and on the command line (CONV2D_WEB_SEED=${seed})`, () => {
  const random = new Random(seed);
  for (let round = 0; round < 60; ++round) {
    const opened = openRandom(random);
    const sum = same((engine) => engine.sum(opened.at));
    // What the page shows; vectors without fused multiply-adds round otherwise (docs/house.md).
    const output = engines[0].values("output");
    const { info, at } = opened;
    assertNumber(sum.value, output[(at[0] * info.output_sizes[1] + at[1]) * info.output_sizes[2] + at[2]]);
    const command = explainGiven(opened);
    assert.equal(info.repr, command.layer);
    assert.deepEqual(info.output_sizes, command.output);
    assert.deepEqual([info.rows.formula, info.columns.formula], [command.rows.formula, command.columns.formula]);
    assert.deepEqual([info.rows.unread, info.columns.unread], [command.rows.unread, command.columns.unread]);
    assert.deepEqual(info.cost, command.cost);
    assertSum(sum, command.at);
  }
});

test(`random layers have the same gradients in the page's engine and on the command line (CONV2D_WEB_SEED=${seed})`, () => {
  const random = new Random(seed + 3);
  for (let round = 0; round < 20; ++round) {
    const opened = openRandom(random);
    const { layer, info } = opened;
    const dy = someFloats(random, info.output_sizes.reduce((a, b) => a * b));
    // What the page shows; vectors without fused multiply-adds round otherwise.
    const flat = engines[0].gradient(dy);
    write(opened);
    writeNpy(join(folder, "dy.npy"), info.output_sizes, dy);
    conv2d("grad", layer, "x.npy", "dy.npy", "--weights", "w.safetensors", "-o", "grads.safetensors");
    const { input, weight, bias = [] } = readSafetensors(join(folder, "grads.safetensors"));
    assert.deepEqual(Float32Array.from(flat), Float32Array.from([...input, ...weight, ...bias]), layer);
  }
});

test(`random layers give the same links in the page's engines (CONV2D_WEB_SEED=${seed})`, () => {
  const random = new Random(seed + 1);
  for (let round = 0; round < 40; ++round) {
    const { input, info } = openRandom(random);
    same((engine) => engine.touched("input", input.map((size, i) => (i * 7 + round) % size)));
    same((engine) => engine.touched("weight", info.weight_sizes.map((size, i) => (i * 5 + round) % size)));
  }
});

test(`random layers are drawn with the same bytes (CONV2D_WEB_SEED=${seed})`, () => {
  const random = new Random(seed + 2);
  for (let round = 0; round < 25; ++round) {
    const { layer, input } = randomLayer(random);
    const info = same((engine) => engine.open(layer, input, 0));
    const at = info.output_sizes.map((size) => random.below(size));
    // The plan that the cost shows is that of the machine that runs.
    const view = viewNames[random.below(4)];
    const theme = ["light", "dark"][random.below(2)];
    const svg = same((engine) => engine.svg(view, theme, at, false));
    assert.equal(svg, figure(layer, input, "svg", "--at", at.join(","), "--view", view, "--theme", theme).toString(), `${layer} ${view}`);
  }
});

test("the page of its own has the command line's bytes", () => {
  const layer = "Conv2d(2, 2, 3, padding=1, padding_mode='circular', groups=2)";
  same((engine) => engine.open(layer, [2, 4, 5], 0));
  assert.equal(same((engine) => engine.html("slide", "dark")), figure(layer, [2, 4, 5], "html", "--theme", "dark").toString());
});

test("an engine that refuses keeps what was open", () => {
  const [engine] = engines;
  engine.open("Conv2d(1, 1, 2)", [1, 3, 3], 0);
  const before = engine.values("output");
  for (const [layer, input] of [["Conv2d(1, 1, 9)", [1, 3, 3]], ["Conv2d(2, 1, 1)", [1, 3, 3]], ["Conv3d(1, 1, 1)", [1, 3, 3]], ["", [1, 3, 3]], ["Conv2d(1, 1, 1)", [1, 1 << 15, 1 << 15]]]) {
    assert.throws(() => engine.open(layer, input, 0), (error) => error.message.length > 10 && !error.message.includes("\n"), layer);
  }
  assert.throws(() => engine.sum([1, 0, 0]), /channel|output/);
  assert.throws(() => engine.set("input", new Float64Array(3)), /9/);
  assert.deepEqual(engine.values("output"), before);
});

test("an engine's memory does not grow with use", async () => {
  const engine = await load("lens.wasm");
  for (let round = 0; round < 100; ++round) {
    engine.open("Conv2d(3, 2, 3, padding=1)", [3, 16, 16], round);
    engine.svg("slide", "light", [0, 0, 0], false);
  }
  assert.ok(engine.exports.memory.buffer.byteLength < 64 << 20, `${engine.exports.memory.buffer.byteLength} bytes`);
});

// A picture as numbers, and its convolution in bands: node --test web/test
// Where LENS_WASM names an engine, what it computes in bands is what it computes at once.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { load } from "./load.mjs";

const { gather, outputSize, problemOf, Shown, shrinkOf, sourceOf, layerText } = await load("pixels");

const shape = (changes = {}) => ({
  channels: 1, outputs: 1, kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1], groups: 1, bias: false, mode: "zeros", ...changes,
});

function noise(width, height) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; ++i) {
    data[i] = (i * 7919 + (i >> 3) * 104729) % 251;
  }
  return { width, height, data };
}

test("where padding is read from", () => {
  const around = (mode) => [-2, -1, 0, 3, 4, 5].map((i) => sourceOf(i, 4, mode));
  assert.deepEqual(around("zeros"), [-1, -1, 0, 3, -1, -1]);
  assert.deepEqual(around("replicate"), [0, 0, 0, 3, 3, 3]);
  assert.deepEqual(around("reflect"), [2, 1, 0, 3, 2, 1]);
  assert.deepEqual(around("circular"), [2, 3, 0, 3, 0, 1]);
});

test("sizes of the output, and what cannot run", () => {
  assert.deepEqual(outputSize(shape(), 5, 7), [5, 7]);
  assert.deepEqual(outputSize(shape({ stride: [2, 3], padding: [0, 0, 0, 0] }), 6, 9), [2, 3]);
  assert.equal(problemOf(shape(), 5, 7), null);
  assert.match(problemOf(shape({ padding: [0, 0, 0, 0] }), 2, 9), /does not fit/);
  assert.match(problemOf(shape({ padding: [3, 3, 3, 3], mode: "reflect" }), 3, 9), /smaller than the picture/);
  assert.match(problemOf(shape({ padding: [4, 4, 4, 4], mode: "circular" }), 3, 9), /no larger/);
});

test("grey is what Pillow's mode L has, and white is 255 or 1", () => {
  const pixels = { width: 2, height: 1, data: new Uint8ClampedArray([255, 255, 255, 255, 200, 100, 50, 255]) };
  assert.deepEqual([...gather(pixels, shape(), 255, 0, 0, 1, 2)], [255, 124]);
  assert.equal(gather(pixels, shape(), 1, 0, 0, 1, 1)[0], 1);
});

test("a picture that is shown in small has the means of squares, and the limits of all", () => {
  const shown = new Shown(1, 3, 3, 2);
  shown.add(Float32Array.from([1, 2, 3, 4, 5, 6]), 0, 2);
  shown.add(Float32Array.from([7, 8, -9]), 2, 1);
  assert.deepEqual([...shown.planes[0]], [3, 4.5, 7.5, -9]);
  assert.deepEqual([shown.least[0], shown.greatest[0]], [-9, 8]);
  assert.equal(shrinkOf(3000, 4000, 8), 8);
  assert.equal(shrinkOf(256, 256, 1), 1);
});

const wasm = process.env.LENS_WASM;
test("in bands as at once, with every padding mode", { skip: wasm === undefined }, async () => {
  const { Engine } = await load("engine");
  const { convolve, inspect } = await load("convolve");
  const engine = await Engine.load(readFileSync(wasm));
  const pixels = noise(400, 700);
  for (const mode of ["zeros", "reflect", "replicate", "circular"]) {
    const layer = shape({ channels: 3, outputs: 8, stride: [1, 2], padding: [2, 2, 2, 2], kernel: [3, 3], dilation: [2, 2], bias: true, mode });
    const parameters = Float32Array.from(engine.initial(layerText(layer), 7));
    const job = { ...layer, white: 1, weights: parameters.slice(0, 216), biases: parameters.slice(216) };
    const text = `Conv2d(3, 8, 3, stride=(1, 2), padding=2, dilation=2, padding_mode='${mode}')`;
    const whole = engine.apply(text, parameters, gather(pixels, job, 1, 0, 0, 700, 400), [3, 700, 400]);
    let bands = 0;
    const full = new Float32Array(whole.values.length);
    const listening = { apply: (...given) => keep(engine.apply(...given), full, whole.sizes, () => bands++) };
    const shown = await convolve(listening, pixels, job, async () => true);
    assert.ok(bands > 1);
    assert.deepEqual([shown.outputs, shown.fullRows, shown.fullColumns], whole.sizes);
    assert.deepEqual(full, whole.values);
    const { sum } = inspect(engine, pixels, job, [5, 0, 199]);
    assert.ok(Math.abs(Number(sum.value) - whole.values[(5 * 700 + 0) * 200 + 199]) < 1e-5);
  }
});

let next = 0;
/** Puts a band where it belongs. */
function keep(result, full, [outputs, rows, columns], count) {
  const height = result.sizes[1];
  for (let k = 0; k < outputs; ++k) {
    full.set(result.values.subarray(k * height * columns, (k + 1) * height * columns), (k * rows + next) * columns);
  }
  next = (next + height) % rows;
  count();
  return result;
}

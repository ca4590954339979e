// Kernels turned by 180 degrees: the numbers of the true convolution, and the way back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dilationHabits } from "../src/dilation";
import { turned, turnedAt, turnedEdits } from "../src/turn";
import { fromHash, numberIn, toHash } from "../src/link";
import { opened } from "./opened";

const correlated = [12, 12, 17, 10, 17, 19, 9, 6, 14];
const convolved = [18, 20, 19, 10, 9, 17, 11, 8, 14];

test("each kernel is turned within itself", () => {
  assert.deepEqual([...turned(Float64Array.of(1, 2, 3, 4, 5, 6), 3)], [3, 2, 1, 6, 5, 4]);
  assert.equal(turnedAt(4, 3), 4);
  assert.deepEqual(turnedEdits(new Map([[0, 7]]), 9), new Map([[8, 7]]));
});

test("flipping gives the true convolution, and flipping again the layer's own", async () => {
  const app = await opened();
  assert.deepEqual([...app.values.output], correlated);
  app.flip();
  assert.deepEqual([...app.values.output], convolved);
  assert.equal(app.sum.value, "18");
  app.flip();
  assert.deepEqual([...app.values.output], correlated);
});

test("edits turn with their kernel, and a link shows the same", async () => {
  const app = await opened();
  app.edit("weight", 0, 5);
  app.flip();
  assert.equal(app.values.weight[8], 5);
  const { weight, output } = app.values;
  const hash = toHash(app.setup, new Map([["tour", "3"]]));
  app.open(fromHash(hash, app.setup));
  assert.deepEqual(app.values.weight, weight);
  assert.deepEqual(app.values.output, output);
  assert.equal(app.setup.flipped, true);
  assert.equal(numberIn(hash, "tour"), 3);
  assert.equal(numberIn("#tour=x", "tour"), null);
});

test("the three habits of writing a dilation", () => {
  assert.equal(dilationHabits([1, 1]), "dilation 1 in torch is 0 in oneDNN and in CS231n: no place left out between taps");
  assert.match(dilationHabits([2, 2]), /2 in torch is 1 .* 1 place left out/);
  assert.match(dilationHabits([2, 1]), /\(2, 1\) in torch is \(1, 0\)/);
});

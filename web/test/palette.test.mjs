// The colours of values are those of the figures.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { divergingTable, greyTable, paint } = await load("palette");
const bytesOf = (words) => [...new Uint8Array(words.buffer)];

test("paper at zero, blue below, brown above", () => {
  for (const theme of ["light", "dark"]) {
    const table = divergingTable(theme);
    assert.equal(table.length, 511);
    const at = (t) => bytesOf(table.slice(255 + t, 256 + t));
    const [zero, below, above] = [at(0), at(-150), at(150)];
    assert.ok(Math.max(...zero.slice(0, 3)) - Math.min(...zero.slice(0, 3)) < 8);
    assert.ok(below[2] > below[0] && above[0] > above[2]);
  }
});

test("values beyond the limit are at it; what is no number is yellow", () => {
  const table = divergingTable("light");
  const words = new Uint32Array(paint(Float32Array.from([-9, 0, 9, NaN]), "signed", 1, table).buffer);
  assert.deepEqual([...words.slice(0, 3)], [table[0], table[255], table[510]]);
  assert.deepEqual([...new Uint8Array(words.buffer, 12, 4)], [0xf0, 0xe4, 0x42, 255]);
  const positive = new Uint32Array(paint(Float32Array.from([-9, 2]), "positive", 2, table).buffer);
  assert.deepEqual([...positive], [table[255], table[510]]);
  const grey = paint(Float32Array.from([-1, 128, 300]), "picture", 255, greyTable());
  assert.deepEqual([grey[0], grey[4], grey[8]], [0, 128, 255]);
});

// NumPy's .npy files, as far as the comparisons need them: float32, C order.
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { readFileSync, writeFileSync } from "node:fs";

/** {shape, values} of a file. */
export function readNpy(path) {
  const bytes = readFileSync(path);
  const begin = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, begin);
  if (bytes[6] !== 1 || !/'descr': '<f4', 'fortran_order': False/.test(header)) {
    throw new Error(`${path} holds no float32 in C order`);
  }
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(",").filter((size) => size.trim()).map(Number);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + bytes.length));
  return { shape, values };
}

export function writeNpy(path, shape, values) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11) + "\n";
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length % 256, header.length >> 8]);
  writeFileSync(path, Buffer.concat([start, Buffer.from(header, "latin1"), Buffer.from(values.buffer)]));
}

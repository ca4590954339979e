// Arrays as the files that the command line reads.
import { writeFileSync } from "node:fs";

function floats(values) {
  return Buffer.from(Float32Array.from(values).buffer);
}

export function writeNpy(file, sizes, values) {
  const shape = sizes.length === 1 ? `${sizes[0]},` : sizes.join(", ");
  let header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length & 255, header.length >> 8]);
  writeFileSync(file, Buffer.concat([start, Buffer.from(header), floats(values)]));
}

/** `tensors`: name -> [sizes, values] */
export function writeSafetensors(file, tensors) {
  const header = {};
  const parts = [];
  let end = 0;
  for (const [name, [shape, values]] of Object.entries(tensors)) {
    parts.push(floats(values));
    const begin = end;
    end += 4 * values.length;
    header[name] = { dtype: "F32", shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([length, text, ...parts]));
}

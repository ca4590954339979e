// The first layer of a TensorFlow.js model that reads a picture, as 32-bit floats: weights as PyTorch
// lays them out, (outputs, 3, rows, columns), then biases.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

function* stored(model) {
  const manifest = JSON.parse(readFileSync(model, "utf8"));
  for (const { paths, weights } of manifest.weightsManifest) {
    const data = Buffer.concat(paths.map((path) => readFileSync(join(dirname(model), path))));
    let at = 0;
    for (const { name, shape, dtype, quantization } of weights) {
      if (dtype !== "float32" || quantization !== undefined) {
        throw new Error(`${name} of ${model} is not stored as float32`);
      }
      const count = shape.reduce((a, b) => a * b, 1);
      yield { name, shape, value: (i) => data.readFloatLE(at + 4 * i), count };
      at += 4 * count;
    }
  }
}

export function firstLayer(model) {
  const found = {};
  for (const { name, shape, value, count } of stored(model)) {
    const [layer, part] = name.split("/");
    if (part === "kernel" && shape[2] === 3) {
      found.layer = layer;
      found.shape = shape;
      found.kernel = Array.from({ length: count }, (_, i) => value(i));
    } else if (part === "bias" && layer === found.layer) {
      found.bias = Array.from({ length: count }, (_, i) => value(i));
    }
  }
  if (found.kernel === undefined || found.bias === undefined) {
    throw new Error(`${model} has no layer that reads 3 channels`);
  }
  const [rows, columns, inputs, outputs] = found.shape;
  const taps = rows * columns;
  const ordered = Array.from({ length: outputs * inputs * taps }, (_, i) => {
    const [k, c, tap] = [Math.floor(i / (inputs * taps)), Math.floor(i / taps) % inputs, i % taps];
    return found.kernel[(tap * inputs + c) * outputs + k];
  });
  return Buffer.from(Float32Array.from([...ordered, ...found.bias]).buffer);
}

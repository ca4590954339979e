// The network in TensorFlow.js: tfjs.mjs NODE_MODULES MODEL.JSON INPUT.NPY OUTPUT.NPY RUNS
// INPUT and OUTPUT are (1, H, W, 3) of float32, 0..255. Prints the seconds of each run, one a line.
//
// On its WebAssembly backend with SIMD instructions, the fastest that npm has for a processor: its
// threads are for browsers only, and tfjs-node downloads its library from elsewhere.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { readNpy, writeNpy } from "./npy.mjs";

const [modules, modelPath, inputPath, outputPath, runs] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "peers.js"));
const tf = require("@tensorflow/tfjs-core");
const { loadLayersModel } = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-wasm");

/** What loads a model from its files on disk. */
function filesOf(path) {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(path, "utf8"));
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const files = weightsManifest.flatMap((group) => group.paths);
  const bytes = Buffer.concat(files.map((file) => readFileSync(join(dirname(path), file))));
  const weightData = new Uint8Array(bytes).buffer;
  return { load: async () => ({ modelTopology, weightSpecs, weightData }) };
}

await tf.setBackend("wasm");
if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) {
  throw new Error("this Node has no SIMD instructions in WebAssembly");
}
const model = await loadLayersModel(filesOf(modelPath));
const { shape, values } = readNpy(inputPath);
const input = tf.tensor(values, shape);
for (let run = 1; run <= Number(runs); ++run) {
  const start = performance.now();
  const output = model.predict(input);
  const numbers = output.dataSync();
  console.log((performance.now() - start) / 1000);
  if (run === Number(runs)) {
    writeNpy(outputPath, output.shape, numbers);
  }
  output.dispose();
}

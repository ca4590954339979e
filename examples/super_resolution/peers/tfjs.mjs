// The network in TensorFlow.js: tfjs.mjs NODE_MODULES MODEL.JSON INPUT.NPY OUTPUT.NPY THREADS RUNS
// INPUT and OUTPUT are (1, H, W, 3) of float32, 0..255. Prints the seconds of each run, one a line.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { readNpy, writeNpy } from "./npy.mjs";

const [modules, modelPath, inputPath, outputPath, threads, runs] = process.argv.slice(2);
const require = createRequire(resolve(modules, "of_the_comparison.js"));
const tf = require("@tensorflow/tfjs-core");
const { loadLayersModel } = require("@tensorflow/tfjs-layers");
const wasm = require("@tensorflow/tfjs-backend-wasm");

/** The model as its package holds it, read from disk. */
function fromFiles(path) {
  return {
    load: async () => {
      const { modelTopology, weightsManifest } = JSON.parse(readFileSync(path, "utf8"));
      const files = weightsManifest.flatMap((group) => group.paths);
      const data = Buffer.concat(files.map((file) => readFileSync(join(dirname(path), file))));
      return {
        modelTopology,
        weightSpecs: weightsManifest.flatMap((group) => group.weights),
        weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
      };
    },
  };
}

wasm.setThreadsCount(Number(threads));
await tf.setBackend("wasm");
const model = await loadLayersModel(fromFiles(modelPath));
const { shape, values } = readNpy(inputPath);
const input = tf.tensor(values, shape);
let output;
for (let run = 0; run < Number(runs); ++run) {
  const start = performance.now();
  const result = model.predict(input);
  output = result.dataSync();
  console.log((performance.now() - start) / 1000);
  if (run + 1 === Number(runs)) {
    writeNpy(outputPath, result.shape, output);
  }
  result.dispose();
}
console.log(`# TensorFlow.js ${tf.version_core}, wasm, ${wasm.getThreadsCount()} threads, simd ${await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")} mt ${await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")}`);

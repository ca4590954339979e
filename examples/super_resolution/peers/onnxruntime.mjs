// The network in ONNX Runtime: onnxruntime.mjs NODE_MODULES MODEL.ONNX INPUT.NPY OUTPUT.NPY THREADS RUNS
// INPUT and OUTPUT are (1, 3, H, W) of float32, 0..255. Prints the seconds of each run, one a line.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { readNpy, writeNpy } from "./npy.mjs";

const [modules, modelPath, inputPath, outputPath, threads, runs] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "peers.js"));
const { InferenceSession, Tensor } = require("onnxruntime-node");

const session = await InferenceSession.create(modelPath, {
  executionProviders: ["cpu"],
  graphOptimizationLevel: "all",
  intraOpNumThreads: Number(threads),
});
const { shape, values } = readNpy(inputPath);
const [inputName] = session.inputNames;
const [outputName] = session.outputNames;
for (let run = 1; run <= Number(runs); ++run) {
  const start = performance.now();
  const output = (await session.run({ [inputName]: new Tensor("float32", values, shape) }))[outputName];
  console.log((performance.now() - start) / 1000);
  if (run === Number(runs)) {
    writeNpy(outputPath, output.dims, output.data);
  }
}

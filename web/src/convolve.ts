// A picture through a layer, band by band, and one output of it number by number; runs in the worker.
import type { Engine } from "./engine";
import type { Inspection } from "./messages";
import { bandRows, extentOf, gather, layerText, outputSize, shrinkOf, Shown, sourceOf, type Job, type Pixels } from "./pixels";

function parametersOf(job: Job): Float32Array {
  const parameters = new Float32Array(job.weights.length + job.biases.length);
  parameters.set(job.weights);
  parameters.set(job.biases, job.weights.length);
  return parameters;
}

/** Calls `between` after each band with the share that is done; it ends early where that says no. */
export async function convolve(engine: Engine, pixels: Pixels, job: Job, between: (done: number, all: number) => Promise<boolean>): Promise<Shown | null> {
  const [rows, columns] = outputSize(job, pixels.height, pixels.width);
  const [top, , left, right] = job.padding;
  const shown = new Shown(job.outputs, rows, columns, shrinkOf(rows, columns, job.outputs));
  const width = pixels.width + left + right;
  const text = layerText(job);
  const parameters = parametersOf(job);
  const most = bandRows(job, columns, pixels.width);
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const height = (count - 1) * job.stride[0] + extentOf(job.kernel[0], job.dilation[0]);
    const band = gather(pixels, job, job.white, first * job.stride[0] - top, -left, height, width);
    shown.add(engine.apply(text, parameters, band, [job.channels, height, width]).values, first, count);
    if (!(await between(first + count, rows))) {
      return null;
    }
  }
  return shown;
}

function outside(from: number, kernel: number, dilation: number, size: number): boolean[] {
  return Array.from({ length: kernel }, (_, i) => sourceOf(from + i * dilation, size, "zeros") < 0);
}

/** Where a patch of at most 14 begins so that the window lies well within it, and its size. */
function patchAlong(window: number, extent: number, size: number, before: number, after: number): [number, number] {
  const length = Math.min(Math.max(extent, Math.min(9, extent + 4)), size + before + after);
  const first = window - Math.floor((length - extent) / 2);
  return [Math.max(-before, Math.min(first, size + after - length)), length];
}

/** The exact digits of an output: its window as the input of a layer that has this output alone. */
export function inspect(engine: Engine, pixels: Pixels, job: Job, at: [number, number, number]): Inspection {
  const [k, p, q] = at;
  const [top, bottom, left, right] = job.padding;
  const row = p * job.stride[0] - top;
  const column = q * job.stride[1] - left;
  const tall = extentOf(job.kernel[0], job.dilation[0]);
  const wide = extentOf(job.kernel[1], job.dilation[1]);
  engine.open(layerText(job, [1, 1]), [job.channels, tall, wide], 0);
  engine.set("input", Float64Array.from(gather(pixels, job, job.white, row, column, tall, wide)));
  engine.set("weight", Float64Array.from(job.weights));
  if (job.bias) {
    engine.set("bias", Float64Array.from(job.biases));
  }
  const sum = engine.sum([k, 0, 0]);
  const [patchRow, rows] = patchAlong(row, tall, pixels.height, top, bottom);
  const [patchColumn, columns] = patchAlong(column, wide, pixels.width, left, right);
  return {
    type: "inspection",
    at,
    job,
    sum,
    row,
    column,
    patch: { rows, columns, values: gather(pixels, job, job.white, patchRow, patchColumn, rows, columns), row: row - patchRow, column: column - patchColumn },
    outsideRows: outside(row, job.kernel[0], job.dilation[0], pixels.height),
    outsideColumns: outside(column, job.kernel[1], job.dilation[1], pixels.width),
  };
}

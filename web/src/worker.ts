// Pictures are decoded, convolved and painted here, so that the page stays free to answer.
import { convolve, inspect } from "./convolve";
import { decode, PictureError, previewOf } from "./decode";
import { Engine, EngineError, hasVectors } from "./engine";
import type { FromWorker, Painting, ShownPlane, Source, ToWorker } from "./messages";
import { divergingTable, greyTable, paint } from "./palette";
import { problemOf, type Job, type Pixels, type Shown } from "./pixels";

const engine = Engine.load(fetch(new URL(hasVectors() ? "engine.wasm" : "engine-scalar.wasm", self.location.href)));
let pixels: Pixels | null = null;
/** What is shown: the picture may have changed since, but inspections go on. */
let last: { job: Job; shown: Shown; pixels: Pixels } | null = null;
/** Counts orders to start or stop; a run that is not the newest of them ends. */
let newest = 0;
let queue: Promise<void> = Promise.resolve();
let waiting = 0;

function answer(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

/** Lets messages in, an order to stop among them. */
const breath = new MessageChannel();
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    breath.port1.onmessage = () => resolve();
    breath.port2.postMessage(0);
  });
}

async function open(source: Source): Promise<void> {
  pixels = await decode(source);
  answer({ type: "picture", width: pixels.width, height: pixels.height, preview: previewOf(pixels) });
}

function paintAll(shown: Shown, job: Job, { scale, theme }: Painting): { planes: ShownPlane[]; limit: number } {
  const limit = scale === "picture" ? job.white : shown.usual();
  const table = scale === "picture" ? greyTable() : divergingTable(theme);
  const planes = shown.planes.map((plane, k) => ({ pixels: paint(plane, scale, limit, table), least: shown.least[k], greatest: shown.greatest[k] }));
  return { planes, limit };
}

function buffers(planes: ShownPlane[]): Transferable[] {
  return planes.map((plane) => plane.pixels.buffer);
}

async function run(order: number, job: Job, painting: Painting): Promise<void> {
  if (pixels === null || order !== newest) {
    return;
  }
  const picture = pixels;
  const problem = problemOf(job, picture.height, picture.width);
  if (problem !== null) {
    throw new PictureError(problem);
  }
  const ready = await engine;
  const start = performance.now();
  let told = start;
  const shown = await convolve(ready, picture, job, async (done, all) => {
    if (performance.now() - told > 50 && done < all) {
      told = performance.now();
      answer({ type: "progress", done, all });
    }
    await breathe();
    return order === newest;
  });
  if (shown === null) {
    return;
  }
  last = { job, shown, pixels: picture };
  const { planes, limit } = paintAll(shown, job, painting);
  const { fullRows, fullColumns, rows, columns, shrink } = shown;
  answer(
    { type: "result", job, sizes: [job.outputs, fullRows, fullColumns], rows, columns, shrink, planes, limit, milliseconds: performance.now() - start },
    buffers(planes),
  );
}

async function handle(message: ToWorker, order: number): Promise<void> {
  if (message.type === "picture") {
    await open(message.source);
  } else if (message.type === "run") {
    await run(order, message.job, message.painting);
  } else if (message.type === "paint" && last !== null) {
    const { planes, limit } = paintAll(last.shown, last.job, message.painting);
    answer({ type: "painted", planes, limit }, buffers(planes));
  } else if (message.type === "inspect" && last !== null) {
    answer(inspect(await engine, last.pixels, last.job, message.at));
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof PictureError || error instanceof EngineError) {
    return error.message;
  }
  return error instanceof RangeError || error instanceof WebAssembly.RuntimeError
    ? "The memory of this browser does not suffice for that picture."
    : `That did not work: ${error instanceof Error ? error.message : String(error)}`;
}

async function handleNext(message: ToWorker, order: number): Promise<void> {
  try {
    await handle(message, order);
  } catch (error) {
    answer({ type: "problem", sentence: sentenceOf(error) });
  }
  if (--waiting === 0) {
    answer({ type: "idle" });
  }
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  const starts = data.type === "picture" || data.type === "run" || data.type === "cancel";
  const order = starts ? ++newest : newest;
  ++waiting;
  queue = queue.then(() => handleNext(data, order));
});

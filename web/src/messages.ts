// What the page and the worker that computes pictures say to each other.
import type { OutputSum } from "./engine";
import type { Job } from "./pixels";
import type { Scale } from "./palette";
import type { SampleName } from "./samples";

export interface Painting {
  scale: Scale;
  theme: "light" | "dark";
}

/** What is to be opened. */
export type Source = { kind: "sample"; name: SampleName } | { kind: "file"; blob: Blob; name: string } | { kind: "frame"; bitmap: ImageBitmap };

export type ToWorker =
  | { type: "picture"; source: Source }
  | { type: "run"; job: Job; painting: Painting }
  | { type: "paint"; painting: Painting }
  | { type: "inspect"; at: [number, number, number] }
  | { type: "cancel" };

/** One output channel as it is shown. */
export interface ShownPlane {
  pixels: Uint8ClampedArray;
  least: number;
  greatest: number;
}

export interface Result {
  type: "result";
  job: Job;
  /** The output's true size. */
  sizes: [number, number, number];
  /** The size that is shown, and how many of the output's pixels one of it is the mean of, each way. */
  rows: number;
  columns: number;
  shrink: number;
  planes: ShownPlane[];
  /** What has the full colour. */
  limit: number;
  milliseconds: number;
}

/** An output and the numbers that it is made of. */
export interface Inspection {
  type: "inspection";
  at: [number, number, number];
  job: Job;
  sum: OutputSum;
  /** The window's own first row and column in the picture; negative: in the padding. */
  row: number;
  column: number;
  /** A part of the padded picture around the window, for the stage: sizes, numbers and the window's place in it. */
  patch: { rows: number; columns: number; values: Float32Array; row: number; column: number };
  /** Whether a row or column of the window lies outside the picture. */
  outsideRows: boolean[];
  outsideColumns: boolean[];
}

export type FromWorker =
  | { type: "picture"; width: number; height: number; preview: ImageData }
  | { type: "progress"; done: number; all: number }
  | Result
  | { type: "painted"; planes: ShownPlane[]; limit: number }
  | Inspection
  /** Everything that was asked for is answered. */
  | { type: "idle" }
  | { type: "problem"; sentence: string };

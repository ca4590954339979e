// What the page shows: a layer on an input, with its numbers, and what is pointed at.
import { Engine, EngineError, type Kind, type LayerInfo, type Link, type OutputSum, type Theme, type View } from "./engine";
import { turned, turnedEdits } from "./turn";

export type Triple = [number, number, number];

/** An element that is pointed at. */
export type Selection =
  | { kind: "output"; index: Triple }
  | { kind: "input"; index: Triple }
  | { kind: "weight"; index: [number, number, number, number] };

/** All that a link to the page says. */
export interface Setup {
  layer: string;
  input: Triple;
  seed: number;
  at: Triple;
  view: View;
  /** Kernels are turned by 180 degrees from those of the seed. */
  flipped: boolean;
  /** Numbers that differ from those of the seed, after the turn, by row-major index. */
  edits: Record<"input" | "weight" | "bias", Map<number, number>>;
}

export function setupOf(layer: string, input: Triple): Setup {
  return {
    layer,
    input,
    seed: 0,
    at: [0, 0, 0],
    view: "slide",
    flipped: false,
    edits: { input: new Map(), weight: new Map(), bias: new Map() },
  };
}

export type What = "layer" | "values" | "selection" | "view" | "theme" | "mode" | "address";

export class App {
  info!: LayerInfo;
  values!: Record<Kind, Float64Array>;
  selection!: Selection;
  /** What stays when the pointer leaves. */
  pinned!: Selection;
  /** The output channel whose filter is shown. */
  filter = 0;
  /** The sum of the pinned output, or of the output under the pointer. */
  sum!: OutputSum;
  links: Link[] = [];
  theme: Theme = "light";
  /** Outputs up to this frame are shown while a walk is on; nothing: all. */
  frame: number | null = null;
  predicting = false;
  /** What else the page's address says: the step of the tour, the question of the quiz. */
  readonly marks = new Map<string, string>();
  private listeners: ((what: What) => void)[] = [];

  constructor(
    readonly engine: Engine,
    public setup: Setup,
  ) {
    this.open(setup);
  }

  /** Shows another layer, or throws EngineError and stays as it was. */
  open(setup: Setup): void {
    this.load(setup);
    const [k, p, q] = this.info.output_sizes;
    const at: Triple = [Math.min(setup.at[0], k - 1), Math.min(setup.at[1], p - 1), Math.min(setup.at[2], q - 1)];
    this.setup.at = at;
    this.pinned = { kind: "output", index: at };
    this.look(this.pinned);
    this.tell("layer");
  }

  /** The engine's layer, with this setup's numbers. */
  private load(setup: Setup): void {
    this.info = this.engine.open(setup.layer, setup.input, setup.seed);
    this.setup = { ...setup, layer: this.info.repr, input: this.info.input_sizes };
    if (setup.flipped) {
      this.engine.set("weight", turned(this.engine.values("weight"), this.taps));
    }
    for (const kind of ["input", "weight", "bias"] as const) {
      this.applyEdits(kind, setup.edits[kind]);
    }
    this.readValues();
  }

  /** Reads another layer without showing it: the engine holds one at a time. */
  aside<Result>(setup: Setup, read: (other: App) => Result): Result {
    try {
      return read(new App(this.engine, setup));
    } finally {
      this.load(this.setup);
    }
  }

  private get taps(): number {
    return this.info.kernel_size[0] * this.info.kernel_size[1];
  }

  private applyEdits(kind: "input" | "weight" | "bias", edits: Map<number, number>): void {
    if (edits.size === 0 || (kind === "bias" && !this.info.bias)) {
      return;
    }
    const values = this.engine.values(kind);
    for (const [at, value] of edits) {
      if (at < values.length) {
        values[at] = value;
      }
    }
    this.engine.set(kind, values);
  }

  private readValues(): void {
    this.values = {
      input: this.engine.values("input"),
      weight: this.engine.values("weight"),
      bias: this.info.bias ? this.engine.values("bias") : new Float64Array(),
      output: this.engine.values("output"),
    };
  }

  edit(kind: "input" | "weight" | "bias", at: number, value: number): void {
    const values = this.values[kind].slice();
    values[at] = value;
    this.engine.set(kind, values);
    this.setup.edits[kind].set(at, value);
    this.readValues();
    this.look(this.selection);
    this.tell("values");
  }

  /** Turns every kernel by 180 degrees: from cross-correlation to true convolution, and back. */
  flip(): void {
    this.engine.set("weight", turned(this.values.weight, this.taps));
    this.setup.flipped = !this.setup.flipped;
    this.setup.edits = { ...this.setup.edits, weight: turnedEdits(this.setup.edits.weight, this.taps) };
    this.readValues();
    this.look(this.selection);
    this.tell("values");
  }

  /** Looks at an element, of which the page shows everything that is tied to it. */
  private look(selection: Selection): void {
    this.selection = selection;
    if (selection.kind === "output") {
      this.sum = this.engine.sum(selection.index);
      this.links = [];
      this.filter = selection.index[0];
    } else {
      this.links = this.engine.touched(selection.kind, selection.index);
    }
  }

  /** Looks at an element until the pointer leaves. */
  preview(selection: Selection): void {
    this.look(selection);
    this.tell("selection");
  }

  /** Back to what is pinned. */
  restore(): void {
    if (this.selection !== this.pinned) {
      this.preview(this.pinned);
    }
  }

  pin(selection: Selection): void {
    this.pinned = selection;
    if (selection.kind === "output") {
      this.setup.at = selection.index;
    }
    this.preview(selection);
  }

  show(view: View): void {
    this.setup.view = view;
    this.tell("view");
  }

  /** The number of outputs, and which output a frame ends with. */
  get frames(): number {
    return this.info.output_sizes.reduce((a, b) => a * b, 1);
  }
  outputOf(frame: number): Triple {
    const [, rows, columns] = this.info.output_sizes;
    return [Math.floor(frame / (rows * columns)), Math.floor(frame / columns) % rows, frame % columns];
  }
  frameOf([k, p, q]: Triple): number {
    const [, rows, columns] = this.info.output_sizes;
    return (k * rows + p) * columns + q;
  }

  inputAt(index: Triple): number {
    const [, rows, columns] = this.info.input_sizes;
    return (index[0] * rows + index[1]) * columns + index[2];
  }
  weightAt([a, b, r, s]: readonly number[]): number {
    const [, seconds, rows, columns] = this.info.weight_sizes;
    return ((a * seconds + b) * rows + r) * columns + s;
  }
  /** The weight between an input and an output channel of one group, at a tap. */
  weightIndex(input: number, output: number, r: number, s: number): [number, number, number, number] {
    const inputs = this.info.in_channels / this.info.groups;
    const outputs = this.info.out_channels / this.info.groups;
    return this.info.transposed ? [input, output % outputs, r, s] : [output, input % inputs, r, s];
  }
  groupOfInput(channel: number): number {
    return Math.floor(channel / (this.info.in_channels / this.info.groups));
  }
  groupOfOutput(channel: number): number {
    return Math.floor(channel / (this.info.out_channels / this.info.groups));
  }

  onChange(listener: (what: What) => void): void {
    this.listeners.push(listener);
  }
  /** Has the address say something more, or no longer. */
  mark(name: string, value: string | null): void {
    if (value === null) {
      this.marks.delete(name);
    } else {
      this.marks.set(name, value);
    }
    this.tell("address");
  }
  tell(what: What): void {
    for (const listener of this.listeners) {
      listener(what);
    }
  }
}

/** Runs something that the engine may refuse; its sentence, or nothing. */
export function refusal(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof EngineError) {
      return error.message;
    }
    throw error;
  }
}

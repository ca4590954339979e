// The engine, compiled from C++: calls by number and by text (engine/lens.h says what each does).

export interface Place {
  at: number;
  kind: "input" | "border" | "padding" | "gap";
  source: number;
  unread: boolean;
}

export interface AxisSize {
  input: number;
  kernel: number;
  stride: number;
  dilation: number;
  pad_before: number;
  pad_after: number;
  output_padding: number;
  extent: number;
  remainder: number;
  output: number;
  formula: string;
  unread: [number, number][];
  places: Place[];
}

export interface Cost {
  parameters: number;
  weights: number;
  biases: number;
  unshared_parameters: number;
  multiply_adds: number;
  multiply_adds_done: number;
  input_bytes: number;
  weight_bytes: number;
  output_bytes: number;
  im2col_bytes: number;
  im2col_ratio: number;
  arithmetic_intensity: number;
}

export interface LayerInfo {
  repr: string;
  transposed: boolean;
  in_channels: number;
  out_channels: number;
  kernel_size: [number, number];
  stride: [number, number];
  padding: [number, number, number, number] | "same" | "valid" | "same_lower";
  dilation: [number, number];
  output_padding?: [number, number];
  groups: number;
  bias: boolean;
  padding_mode: string;
  dtype: string;
  input_sizes: [number, number, number];
  weight_sizes: [number, number, number, number];
  output_sizes: [number, number, number];
  rows: AxisSize;
  columns: AxisSize;
  cost: Cost;
}

export interface Term {
  kind: Place["kind"];
  channel: number;
  r: number;
  s: number;
  row: number;
  column: number;
  input_row?: number;
  input_column?: number;
  weight: [number, number, number, number];
  x: string;
  w: string;
  product: string;
  running: string;
}

export interface ChannelSum {
  channel: number;
  terms: number;
  sum: string;
  running: string;
}

export interface OutputSum {
  output: [number, number, number];
  group: number;
  counting: number;
  has_bias: boolean;
  sum: string;
  bias: string;
  value: string;
  channels: ChannelSum[];
  terms: Term[];
}

/** A product: an input element times a weight is a part of an output. */
export interface Link {
  output: [number, number, number];
  input: [number, number, number];
  weight: [number, number, number, number];
}

export interface Preset {
  name: string;
  layer: string;
  meaning: string;
  input: [number, number, number];
}

export interface Filter {
  name: string;
  meaning: string;
  rows: number;
  columns: number;
  values: number[];
}

export type Kind = "input" | "weight" | "bias" | "output";
const kinds: Kind[] = ["input", "weight", "bias", "output"];
export const viewNames = ["slide", "im2col", "matrix", "gradient", "cost"] as const;
export type View = (typeof viewNames)[number];
export type Theme = "light" | "dark";

/** A cell of a figure, in its units, and the element that it stands for, by row-major index. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
  kind: "input" | "weight" | "output";
  element: number;
}

/** A sentence of the engine's about what it cannot do. */
export class EngineError extends Error {}

type Exports = Record<string, (...given: number[]) => number> & { memory: WebAssembly.Memory; _initialize(): void };

// What WebAssembly's libc asks of a system; the engine opens no files and prints nothing.
function system(memory: () => WebAssembly.Memory): WebAssembly.Imports {
  const nothing = () => 0;
  return {
    env: { emscripten_notify_memory_growth: nothing },
    wasi_snapshot_preview1: {
      fd_write: nothing,
      fd_read: nothing,
      fd_seek: nothing,
      fd_close: nothing,
      environ_get: nothing,
      environ_sizes_get(count: number, size: number) {
        const view = new DataView(memory().buffer);
        view.setUint32(count, 0, true);
        view.setUint32(size, 0, true);
        return 0;
      },
      proc_exit(code: number) {
        throw new Error(`the engine ended with ${code}`);
      },
    },
  };
}

export class Engine {
  private constructor(private readonly exports: Exports) {}

  static async load(source: Promise<Response> | BufferSource): Promise<Engine> {
    let memory: WebAssembly.Memory | undefined;
    const imports = system(() => memory!);
    const loaded =
      source instanceof Promise
        ? await WebAssembly.instantiate(await (await source).arrayBuffer(), imports)
        : await WebAssembly.instantiate(source, imports);
    const exports = (loaded as WebAssembly.WebAssemblyInstantiatedSource).instance.exports as unknown as Exports;
    memory = exports.memory;
    exports._initialize();
    return new Engine(exports);
  }

  open(layer: string, input: readonly number[], seed: number): LayerInfo {
    const large = input.find((size) => size >= 2 ** 31);
    if (large !== undefined) {
      throw new EngineError(`a size of an input is below 2147483648, but got ${large}`);
    }
    this.withText(layer, (text) => this.call("lens_open", text, ...input, seed));
    return JSON.parse(this.text()) as LayerInfo;
  }

  values(kind: Kind): Float64Array {
    this.call("lens_values", kinds.indexOf(kind));
    return this.numbers();
  }

  set(kind: Kind, values: Float64Array): void {
    this.withNumbers(values, (at) => this.call("lens_set", kinds.indexOf(kind), at, values.length));
  }

  sum(output: readonly number[]): OutputSum {
    this.call("lens_sum", ...output);
    return JSON.parse(this.text()) as OutputSum;
  }

  touched(kind: "input" | "weight", index: readonly number[]): Link[] {
    const [a = 0, b = 0, c = 0, d = 0] = index;
    this.call("lens_touched", kinds.indexOf(kind), a, b, c, d);
    const flat = Array.from(this.numbers());
    const links: Link[] = [];
    for (let i = 0; i < flat.length; i += 10) {
      links.push({
        output: flat.slice(i, i + 3) as Link["output"],
        input: flat.slice(i + 3, i + 6) as Link["input"],
        weight: flat.slice(i + 6, i + 10) as Link["weight"],
      });
    }
    return links;
  }

  /** Of input, weight and bias, one behind the other. */
  gradient(output: Float64Array): Float64Array {
    this.withNumbers(output, (at) => this.call("lens_gradient", at, output.length));
    return this.numbers();
  }

  svg(view: View, theme: Theme, output: readonly number[], stepping: boolean): string {
    this.call("lens_svg", viewNames.indexOf(view), theme === "light" ? 0 : 1, ...output, stepping ? 1 : 0);
    return this.text();
  }

  /** The same, and what its cells stand for. */
  figure(view: View, theme: Theme, output: readonly number[], stepping: boolean): { svg: string; regions: Region[] } {
    const svg = this.svg(view, theme, output, stepping);
    const flat = this.numbers();
    const regions: Region[] = [];
    for (let i = 0; i < flat.length; i += 6) {
      const [left, top, width, height, kind, element] = flat.subarray(i, i + 6);
      regions.push({ left, top, width, height, kind: kinds[kind] as Region["kind"], element });
    }
    return { svg, regions };
  }

  html(view: View, theme: Theme): string {
    this.call("lens_html", viewNames.indexOf(view), theme === "light" ? 0 : 1);
    return this.text();
  }

  plan(): string {
    this.call("lens_plan");
    return this.text();
  }

  catalogue(): { presets: Preset[]; filters: Filter[] } {
    this.call("lens_catalogue");
    return JSON.parse(this.text()) as { presets: Preset[]; filters: Filter[] };
  }

  /** Weights and biases, one behind the other, that torch begins with. */
  initial(layer: string, seed: number): Float64Array {
    this.withText(layer, (text) => this.call("lens_initial", text, seed));
    return this.numbers();
  }

  /** Runs a Conv2d with these weights and biases, one behind the other, on a picture. */
  apply(layer: string, parameters: Float32Array, picture: Float32Array, sizes: readonly number[]) {
    this.withText(layer, (text) =>
      this.withNumbers(parameters, (weights) =>
        this.withNumbers(picture, (at) => this.call("lens_apply", text, weights, parameters.length, at, ...sizes)),
      ),
    );
    const out = (JSON.parse(this.text()) as { sizes: [number, number, number] }).sizes;
    const from = this.exports.lens_picture();
    const count = out[0] * out[1] * out[2];
    return { sizes: out, values: new Float32Array(this.exports.memory.buffer, from, count).slice() };
  }

  private call(name: string, ...given: number[]): void {
    if (this.exports[name](...given) !== 0) {
      throw new EngineError(this.text());
    }
  }

  private text(): string {
    const bytes = new Uint8Array(this.exports.memory.buffer);
    const from = this.exports.lens_text();
    return new TextDecoder().decode(bytes.subarray(from, bytes.indexOf(0, from)));
  }

  private numbers(): Float64Array {
    const from = this.exports.lens_numbers();
    return new Float64Array(this.exports.memory.buffer, from, this.exports.lens_count()).slice();
  }

  private withText(text: string, use: (at: number) => void): void {
    const bytes = new TextEncoder().encode(text + "\0");
    const at = this.exports.lens_alloc(bytes.length);
    new Uint8Array(this.exports.memory.buffer, at, bytes.length).set(bytes);
    try {
      use(at);
    } finally {
      this.exports.lens_free(at);
    }
  }

  private withNumbers(values: Float64Array | Float32Array, use: (at: number) => void): void {
    const at = this.exports.lens_alloc(values.byteLength);
    if (at === 0) {
      throw new EngineError("memory does not suffice for that");
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.exports.memory.buffer, at, bytes.length).set(bytes);
    try {
      use(at);
    } finally {
      this.exports.lens_free(at);
    }
  }
}

let everything: Promise<Engine> | undefined;

/** The engine with every algorithm, for pictures and plans: loaded when it is first asked for. */
export function fullEngine(): Promise<Engine> {
  everything ??= Engine.load(fetch(hasVectors() ? "engine.wasm" : "engine-scalar.wasm")).catch((error: unknown) => {
    everything = undefined;  // the next who asks tries again
    throw error;
  });
  return everything;
}

/** Whether this browser has vectors of 16 bytes in WebAssembly. */
export function hasVectors(): boolean {
  // (module (func (result v128) (i32.const 0) (i8x16.splat)))
  return WebAssembly.validate(
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]),
  );
}

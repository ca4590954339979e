// A picture as numbers, and its convolution band by band: sizes, padding and the picture that is shown.

export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Bytes of red, green, blue and opacity, row by row, as a canvas has them. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** A convolution without its weights. */
export interface Shape {
  channels: 1 | 3;
  outputs: number;
  kernel: [number, number];
  stride: [number, number];
  dilation: [number, number];
  /** top, bottom, left, right */
  padding: [number, number, number, number];
  groups: number;
  bias: boolean;
  mode: PaddingMode;
}

/** A convolution of a picture whose brightest value is `white`. */
export interface Job extends Shape {
  weights: Float32Array;
  biases: Float32Array;
  white: 1 | 255;
}

/** Which index of 0..size-1 a padded index is read from; -1: it is a zero. */
export function sourceOf(index: number, size: number, mode: PaddingMode): number {
  if (index >= 0 && index < size) {
    return index;
  }
  switch (mode) {
    case "zeros":
      return -1;
    case "replicate":
      return index < 0 ? 0 : size - 1;
    case "circular":
      return ((index % size) + size) % size;
    case "reflect":
      return index < 0 ? -index : 2 * (size - 1) - index;
  }
}

export function extentOf(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Rows and columns of the output. */
export function outputSize(shape: Shape, height: number, width: number): [number, number] {
  const [top, bottom, left, right] = shape.padding;
  const along = (size: number, axis: 0 | 1) => Math.floor((size - extentOf(shape.kernel[axis], shape.dilation[axis])) / shape.stride[axis]) + 1;
  return [along(height + top + bottom, 0), along(width + left + right, 1)];
}

/** Why a layer cannot run on a picture of that size; nothing where it can. */
export function problemOf(shape: Shape, height: number, width: number): string | null {
  const [rows, columns] = outputSize(shape, height, width);
  const [tall, wide] = shape.kernel.map((size, axis) => extentOf(size, shape.dilation[axis]));
  if (rows < 1 || columns < 1) {
    return `A window of ${tall} \u00D7 ${wide} does not fit into ${height} \u00D7 ${width} pixels with that padding.`;
  }
  const most = shape.mode === "reflect" ? -1 : shape.mode === "circular" ? 0 : Infinity;
  const [top, bottom, left, right] = shape.padding;
  if (Math.max(top, bottom) > height + most || Math.max(left, right) > width + most) {
    return shape.mode === "reflect"
      ? `Padding by reflection has to be smaller than the picture, which has ${height} \u00D7 ${width} pixels.`
      : `Circular padding can be no larger than the picture, which has ${height} \u00D7 ${width} pixels.`;
  }
  return null;
}

function sources(from: number, count: number, size: number, mode: PaddingMode): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => sourceOf(from + i, size, mode));
}

/** A rectangle of the padded picture as numbers, channel by channel; `row` and `column` may lie outside. */
export function gather(pixels: Pixels, shape: Shape, white: number, row: number, column: number, rows: number, columns: number): Float32Array {
  const from = sources(row, rows, pixels.height, shape.mode);
  const across = sources(column, columns, pixels.width, shape.mode);
  const numbers = new Float32Array(shape.channels * rows * columns);
  const plane = rows * columns;
  // A quotient and no product, as the command line has it: then the numbers are the same to the bit.
  const most = 255 / white;
  for (let r = 0; r < rows; ++r) {
    if (from[r] < 0) {
      continue;
    }
    const line = from[r] * pixels.width;
    for (let c = 0; c < columns; ++c) {
      if (across[c] < 0) {
        continue;
      }
      const byte = 4 * (line + across[c]);
      const at = r * columns + c;
      if (shape.channels === 1) {
        numbers[at] = greyOf(pixels.data, byte) / most;
      } else {
        numbers[at] = pixels.data[byte] / most;
        numbers[plane + at] = pixels.data[byte + 1] / most;
        numbers[2 * plane + at] = pixels.data[byte + 2] / most;
      }
    }
  }
  return numbers;
}

/** The brightness of a pixel as a whole number, with the weights of ITU-R BT.601, as Pillow's mode L. */
function greyOf(data: Uint8ClampedArray, at: number): number {
  return (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 0x8000) >> 16;
}

/** The layer as the engine reads it, for numbers that are padded already. */
export function layerText(shape: Shape, stride: readonly [number, number] = shape.stride): string {
  return `Conv2d(${shape.channels}, ${shape.outputs}, kernel_size=(${shape.kernel.join(", ")}), stride=(${stride.join(", ")}), dilation=(${shape.dilation.join(", ")}), groups=${shape.groups}, bias=${shape.bias ? "True" : "False"})`;
}

/** Rows of the output that are computed at once, so that memory stays small and progress is seen. */
export function bandRows(shape: Shape, columns: number, width: number): number {
  const most = 1 << 20;
  const perRow = shape.outputs * columns + shape.channels * shape.stride[0] * (width + shape.padding[2] + shape.padding[3]);
  return Math.max(1, Math.floor(most / perRow));
}

/** Which part of the outputs' pixels one pixel on the screen stands for: 1, or the side of a square. */
export function shrinkOf(rows: number, columns: number, outputs: number): number {
  const longest = Math.min(512, Math.floor(Math.sqrt((1 << 22) / outputs)));
  return Math.max(1, Math.ceil(Math.max(rows, columns) / longest));
}

/** The outputs as they are shown: means over squares; the least and the greatest value of all. */
export class Shown {
  readonly rows: number;
  readonly columns: number;
  readonly planes: Float32Array[];
  readonly least: Float32Array;
  readonly greatest: Float32Array;

  constructor(
    readonly outputs: number,
    readonly fullRows: number,
    readonly fullColumns: number,
    readonly shrink: number,
  ) {
    this.rows = Math.ceil(fullRows / shrink);
    this.columns = Math.ceil(fullColumns / shrink);
    this.planes = Array.from({ length: outputs }, () => new Float32Array(this.rows * this.columns));
    this.least = new Float32Array(outputs).fill(Infinity);
    this.greatest = new Float32Array(outputs).fill(-Infinity);
  }

  /** Takes rows first..first+count-1 of all channels. */
  add(values: Float32Array, first: number, count: number): void {
    for (let k = 0; k < this.outputs; ++k) {
      for (let r = 0; r < count; ++r) {
        this.addRow(k, first + r, values.subarray((k * count + r) * this.fullColumns, (k * count + r + 1) * this.fullColumns));
      }
    }
  }

  private addRow(k: number, row: number, values: Float32Array): void {
    const { shrink, fullRows, fullColumns } = this;
    const square = Math.floor(row / shrink);
    const tall = Math.min(shrink, fullRows - square * shrink);
    const line = this.planes[k].subarray(square * this.columns, (square + 1) * this.columns);
    let least = this.least[k];
    let greatest = this.greatest[k];
    for (let c = 0, at = 0; c < fullColumns; ++at) {
      const end = Math.min(c + shrink, fullColumns);
      const share = 1 / (tall * (end - c));
      let sum = 0;
      for (; c < end; ++c) {
        const value = values[c];
        sum += value;
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
      }
      line[at] += sum * share;
    }
    this.least[k] = least;
    this.greatest[k] = greatest;
  }

  /** The size that all but one in 200 of the values shown stay below. */
  usual(): number {
    const sizes: number[] = [];
    const step = Math.max(1, Math.floor((this.outputs * this.rows * this.columns) / 20000));
    for (const plane of this.planes) {
      for (let i = 0; i < plane.length; i += step) {
        sizes.push(Math.abs(plane[i]));
      }
    }
    sizes.sort((a, b) => a - b);
    const size = sizes[Math.floor(0.995 * (sizes.length - 1))];
    return Number.isFinite(size) && size > 0 ? Number(size.toPrecision(2)) : 1;
  }
}

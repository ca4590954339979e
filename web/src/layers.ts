// What can be applied to a picture, as a job for the worker.
import type { App } from "./app";
import type { Filter, LayerInfo } from "./engine";
import { extentOf, layerText, type Job, type PaddingMode, type Shape } from "./pixels";

/** What the reader chose beside the weights. */
export interface Settings {
  channels: 1 | 3;
  white: 1 | 255;
  stride: [number, number];
  padding: [number, number, number, number];
  mode: PaddingMode;
}

/** Padding that keeps the size at stride 1; where it cannot be the same on both sides, more of it behind. */
export function halfPadding(kernel: readonly number[], dilation: readonly number[] = [1, 1]): Settings["padding"] {
  const [rows, columns] = kernel.map((size, axis) => extentOf(size, dilation[axis]) - 1);
  return [Math.floor(rows / 2), Math.ceil(rows / 2), Math.floor(columns / 2), Math.ceil(columns / 2)];
}

/** Each channel on its own through a filter. */
export function filterJob(filter: Filter, settings: Settings): Job {
  const { channels } = settings;
  const weights = Float32Array.from({ length: channels * filter.values.length }, (_, i) => filter.values[i % filter.values.length]);
  return { ...settings, outputs: channels, groups: channels, kernel: [filter.rows, filter.columns], dilation: [1, 1], bias: false, weights, biases: new Float32Array() };
}

/** The weights that torch gives a new layer. */
export function randomJob(app: App, outputs: number, kernel: number, seed: number, settings: Settings): Job {
  const shape: Shape = { ...settings, outputs, groups: 1, kernel: [kernel, kernel], dilation: [1, 1], bias: true };
  const parameters = Float32Array.from(app.engine.initial(layerText(shape), seed));
  const weights = parameters.length - outputs;
  return { ...shape, white: settings.white, weights: parameters.slice(0, weights), biases: parameters.slice(weights) };
}

/** Why the layer of the stage takes no picture; nothing where it does. */
export function stageProblem(info: LayerInfo): string | null {
  if (info.transposed) {
    return "The layer above is transposed; a picture takes a Conv2d.";
  }
  if (info.in_channels !== 1 && info.in_channels !== 3) {
    return `The layer above takes ${info.in_channels} channels; a picture has 1 (grey) or 3 (colours).`;
  }
  return null;
}

export function stageSettings(info: LayerInfo): Pick<Settings, "channels" | "stride" | "padding" | "mode"> {
  const same = halfPadding(info.kernel_size, info.dilation);
  const [top, bottom, left, right] = same;
  const padding: Settings["padding"] =
    info.padding === "same" ? same : info.padding === "valid" ? [0, 0, 0, 0] : info.padding === "same_lower" ? [bottom, top, right, left] : info.padding;
  return { channels: info.in_channels as 1 | 3, stride: info.stride, padding, mode: info.padding_mode as PaddingMode };
}

export function stageJob(app: App, settings: Settings): Job {
  const { info, values } = app;
  return {
    ...settings,
    channels: info.in_channels as 1 | 3,
    outputs: info.out_channels,
    groups: info.groups,
    kernel: info.kernel_size,
    dilation: info.dilation,
    bias: info.bias,
    weights: Float32Array.from(values.weight),
    biases: Float32Array.from(values.bias),
  };
}

/** Where the build had a network at hand, its first layer: weights (outputs, 3, 3, 3), then biases. */
export async function learnedParameters(): Promise<Float32Array | null> {
  const response = await fetch("learned.bin").catch(() => null);
  return response?.ok ? new Float32Array(await response.arrayBuffer()) : null;
}

export function learnedJob(parameters: Float32Array, settings: Settings): Job {
  const outputs = parameters.length / 28;
  const shape: Shape = { ...settings, channels: 3, outputs, groups: 1, kernel: [3, 3], dilation: [1, 1], bias: true };
  return { ...shape, white: 255, weights: parameters.slice(0, 27 * outputs), biases: parameters.slice(27 * outputs) };
}

// Mistakes that many make about convolutions, and why they are none: each is shown on a layer, in
// numbers that the engine has at that moment.
import { type App, type Setup, setupOf } from "./app";
import { type Engine } from "./engine";
import { counted, formula, grouped, short } from "./numbers";

export interface Mistake {
  id: string;
  claim: string;
  setup(app: App): Setup;
  /** `full` is the engine with every algorithm, for what is planned. */
  why(app: App, full: () => Promise<Engine>): string | Promise<string>;
}

const by = (sizes: readonly number[]): string => sizes.join(" \u00D7 ");
const first = (app: App): string => short(app.values.output[0]);

const sharedChannels: Mistake = {
  id: "channels",
  claim: "Two 5 \u00D7 5 kernels on 3 channels give 3 channels each, so 6 channels come out.",
  setup: () => setupOf("Conv2d(3, 6, 5)", [3, 8, 8]),
  why({ info, sum }) {
    const parts = sum.channels.map((channel) => short(Number(channel.sum))).join(" + ").replaceAll("+ \u2212", "\u2212 ");
    return `${info.out_channels} channels take ${info.out_channels} filters, each of ${by(info.weight_sizes.slice(1))} weights. What the ${info.in_channels} input channels add is summed into one number: ${parts}, and the bias ${short(Number(sum.bias))}, is ${short(Number(sum.value))}. With ${info.cost.weights} weights and ${info.cost.biases} biases the layer has ${info.cost.parameters} parameters.`;
  },
};

const filtersDecide: Mistake = {
  id: "filters",
  claim: "out_channels depends on how many filters are applied.",
  setup: () => setupOf("Conv2d(3, 2, 3)", [3, 5, 5]),
  why: ({ info }) => `It is the other way round: out_channels=${info.out_channels} is how many filters the layer has. Its weight is ${by(info.weight_sizes)}, one filter for each of the ${counted(info.output_sizes[0], "output channel")}. Ask for more, and there are more filters.`,
};

const dilationGap: Mistake = {
  id: "dilation",
  claim: "dilation=1 leaves a gap of one between the weights.",
  setup: () => setupOf("Conv2d(1, 1, 3, dilation=2)", [1, 7, 7]),
  why(app) {
    const plain = app.aside(setupOf("Conv2d(1, 1, 3, dilation=1)", [1, 7, 7]), (other) => other.info.rows.extent);
    const { dilation, rows } = app.info;
    return `torch counts steps, not gaps: with 1 the ${rows.kernel} rows of the kernel cover ${plain} rows of the input, no gap at all. The picture with gaps is dilation=${dilation[0]}, which covers ${rows.extent}. oneDNN and CS231n count gaps, and call that ${dilation[0] - 1}.`;
  },
};

const groupsSame: Mistake = {
  id: "groups",
  claim: "groups sorts the outputs, but every output still reads every input channel.",
  setup: () => setupOf("Conv2d(4, 4, 3, groups=2)", [4, 5, 5]),
  why(app) {
    const whole = app.aside(setupOf("Conv2d(4, 4, 3)", [4, 5, 5]), (other) => other.info.cost.parameters);
    const { info, sum } = app;
    return `groups cuts the layer into ${info.groups} convolutions side by side: this output reads channels ${sum.channels.map((channel) => channel.channel).join(" and ")} of ${info.in_channels}, and no other. So there are ${info.cost.parameters} parameters instead of ${whole}. With groups=${info.in_channels}, depthwise, an output reads one channel.`;
  },
};

const kernelFlipped: Mistake = {
  id: "flipped",
  claim: "Conv2d turns the kernel over, as the mathematical convolution does.",
  setup: () => setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]),
  why(app) {
    const turned = app.aside({ ...app.setup, flipped: true }, first);
    return `It lays the kernel down as it is, which is cross-correlation: the first output is ${first(app)}. Turned by 180 degrees it would be ${turned}. A layer learns its weights, so it may as well learn them turned; try the button Flip kernels.`;
  },
};

const paddingOutput: Mistake = {
  id: "padding",
  claim: "padding=1 puts a border of zeros around the output.",
  setup: () => setupOf("Conv2d(1, 1, 3, padding=1, bias=False)", [1, 5, 5]),
  why(app) {
    const bare = app.aside(setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]), (other) => other.info.rows.output);
    const { info, sum } = app;
    return `Padding lies around the input and is read, not written: the output has ${info.rows.output} rows, where it had ${bare} without. Its corner is ${first(app)}, the sum of the ${counted(sum.counting, "product")} that do not meet padding.`;
  },
};

const strideDivides: Mistake = {
  id: "stride",
  claim: "The stride must divide exactly, or the layer is impossible.",
  setup: () => setupOf("Conv2d(1, 1, 3, stride=2)", [1, 10, 10]),
  why: ({ info }) => `The division is rounded down: ${formula(info.rows.formula)}. What remains is not read: ${counted(info.rows.remainder, "row")} and ${counted(info.columns.remainder, "column")} at the end, struck through here.`,
};

const strideParameters: Mistake = {
  id: "stride-parameters",
  claim: "A larger stride makes a smaller layer, with fewer parameters.",
  setup: () => setupOf("Conv2d(3, 2, 3, stride=2)", [3, 7, 7]),
  why(app) {
    const dense = app.aside(setupOf("Conv2d(3, 2, 3)", [3, 7, 7]), (other) => other.info.cost);
    const { cost } = app.info;
    return `It has ${cost.parameters} parameters either way (${dense.parameters} with stride=1). What shrinks is the output, and with it the work: ${grouped(cost.multiply_adds)} multiply-adds instead of ${grouped(dense.multiply_adds)}.`;
  },
};

const pointwise: Mistake = {
  id: "pointwise",
  claim: "A 1 \u00D7 1 convolution does nothing but scale.",
  setup: () => setupOf("Conv2d(3, 2, 1)", [3, 4, 4]),
  why: ({ info, sum }) => `It mixes channels: this output adds ${counted(sum.counting, "product")}, one for each input channel, and the bias. ${info.in_channels} channels become ${info.out_channels}, at every place alike: a fully connected layer for each pixel, with ${info.cost.parameters} parameters.`,
};

const sameEven: Mistake = {
  id: "same",
  claim: "padding='same' pads every side alike, so it takes an odd kernel.",
  setup: () => setupOf("Conv2d(1, 1, 4, padding='same')", [1, 5, 5]),
  why: ({ info }) => `A kernel of ${info.rows.kernel} works too: ${counted(info.rows.pad_before, "row")} of padding above and ${info.rows.pad_after} below, so that ${info.rows.input} rows stay ${info.rows.output}. torch puts the odd one at the end.`,
};

const undoes: Mistake = {
  id: "transposed",
  claim: "A transposed convolution undoes the convolution.",
  setup(app) {
    const output = app.aside(setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]), (other) => other.values);
    const setup = setupOf("ConvTranspose2d(1, 1, 3, bias=False)", [1, 3, 3]);
    setup.edits.input = new Map(output.output.entries());
    setup.edits.weight = new Map(output.weight.entries());
    return setup;
  },
  why(app) {
    const before = app.aside(setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]), (other) => other.values.input);
    const same = before.filter((value, at) => value === app.values.output[at]).length;
    return `It brings back the size, not the numbers. The input here is what a convolution made of ${by(app.info.output_sizes.slice(1))} numbers that began ${[...before.slice(0, 3)].map(short).join(", ")}; with the same weights this layer gives ${[...app.values.output.slice(0, 3)].map(short).join(", ")}, and ${same} of ${before.length} agree. It is the transpose of the matrix, not the inverse.`;
  },
};

const biasPixel: Mistake = {
  id: "bias",
  claim: "Every pixel of the output has a bias and weights of its own.",
  setup: () => setupOf("Conv2d(1, 2, 3)", [1, 5, 5]),
  why: ({ info }) => `All ${info.rows.output * info.columns.output} outputs of a channel share one filter and one bias: ${info.cost.biases} biases and ${info.cost.weights} weights. Unshared it would be ${info.cost.unshared_parameters} parameters instead of ${info.cost.parameters}.`,
};

const im2colRuns: Mistake = {
  id: "im2col",
  claim: "Libraries compute a convolution by copying every window into a matrix (im2col).",
  setup: () => ({ ...setupOf("Conv2d(3, 6, 5)", [3, 12, 12]), view: "im2col" }),
  async why(app, full) {
    const { cost } = app.info;
    const engine = await full();
    engine.open(app.setup.layer, app.setup.input, app.setup.seed);
    const algorithm = /algorithm: (\S+)/.exec(engine.plan())?.[1];
    return `That is one way, and a good picture. It would write ${grouped(cost.im2col_bytes)} bytes, ${cost.im2col_ratio.toFixed(1)} times the input, before the first product. conv2d.cpp plans each layer; for this one it takes '${algorithm}', which needs no such matrix.`;
  },
};

export const mistakes: readonly Mistake[] = [
  sharedChannels, filtersDecide, dilationGap, groupsSame, kernelFlipped, paddingOutput, strideDivides,
  strideParameters, pointwise, sameEven, undoes, biasPixel, im2colRuns,
];

// The tour's steps: each opens a layer and asks for something that is done on it. What counts as done
// is read from the engine's numbers.
import { type App, type Setup, setupOf } from "./app";
import { counted, formula, grouped, short } from "./numbers";

/** What the reader did: pinned an element, changed the layer, changed a number. */
export type Deed = "pinned" | "layer" | "values";

export interface Step {
  /** "3", "10a" */
  number: string;
  title: string;
  /** Where on the page it is done. */
  where: "signature" | "inputs" | "filters" | "outputs";
  setup(): Setup;
  /** What there is to see, once the layer is open. */
  tell(app: App): string;
  ask(app: App): string;
  /** True where the deed answers, a hint where it does not, nothing where it was no try. */
  check(app: App, deed: Deed): true | string | null;
  /** What the answer shows. */
  shown(app: App): string;
}

const sizes = (app: App): string => app.info.output_sizes.slice(1).join(" \u00D7 ");
const pinnedOutput = (app: App) => (app.pinned.kind === "output" ? app.pinned.index : null);

const one: Step = {
  number: "1",
  title: "One weight",
  where: "outputs",
  setup: () => ({ ...setupOf("Conv2d(1, 1, 1, bias=False)", [1, 4, 4]), seed: 6 }),
  tell: (app) => `The smallest filter has one weight, here ${short(app.values.weight[0])}. Each output is the input at its own place times that weight.`,
  ask: () => "Which output is made from the input in row 1, column 2 (rows and columns count from 0)? Click it, or walk there with the arrow keys and press Enter.",
  check(app, deed) {
    if (deed !== "pinned") {
      return null;
    }
    const at = pinnedOutput(app);
    if (at === null) {
      return "That is not an output; look at the plane that is called output.";
    }
    return (at[1] === 1 && at[2] === 2) || `That one comes from the input in row ${at[1]}, column ${at[2]}: with one weight, an output reads its own place.`;
  },
  shown: (app) => `${short(app.values.input[app.inputAt([0, 1, 2])])} \u00B7 ${short(app.values.weight[0])} = ${short(Number(app.sum.value))}.`,
};

const windowStep: Step = {
  number: "2",
  title: "A window of nine",
  where: "filters",
  setup: () => setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]),
  tell: (app) => `A 3 \u00D7 3 filter lies over nine inputs. Nine products are added up, and output[0, 0, 0] is ${short(app.values.output[0])}.`,
  ask: () => "Change one weight so that output[0, 0, 0] becomes 0. Double-click a weight, or type a number on it, and press Enter.",
  check(app, deed) {
    if (deed !== "values") {
      return null;
    }
    const now = app.values.output[0];
    return now === 0 || `It is ${short(now)} now. A weight counts as often as the input under it: over an input of 1, one less in the weight is one less in the sum.`;
  },
  shown: () => "The nine products add up to 0 now. The other outputs changed too: all of them use the same nine weights.",
};

const slide: Step = {
  number: "3",
  title: "Sliding, and the size of the output",
  where: "signature",
  setup: () => setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]),
  tell: (app) => `The window moves one place at a time for as long as it fits: ${counted(app.info.rows.output, "place")} down and ${app.info.columns.output} across, so the output is ${sizes(app)}.`,
  ask: () => "Change kernel_size, in the line at the top, so that the output is 2 \u00D7 2.",
  check(app, deed) {
    if (deed !== "layer") {
      return null;
    }
    const [, p, q] = app.info.output_sizes;
    return (p === 2 && q === 2) || `Now it is ${sizes(app)}. A larger kernel fits in fewer places.`;
  },
  shown: (app) => `Rows: ${formula(app.info.rows.formula)}.`,
};

const padding: Step = {
  number: "4",
  title: "Padding",
  where: "outputs",
  setup: () => ({ ...setupOf("Conv2d(1, 1, 3, padding=1, bias=False)", [1, 5, 5]), at: [0, 2, 2] }),
  tell: (app) => `padding=1 adds a row or column on every side, so the window fits in more places and the output is ${sizes(app)}, as large as the input. Where the padding is zeros, those products add nothing.`,
  ask: () => "Point at an output for which five of the nine weights lie on padding. Click it, or press Enter on it.",
  check(app, deed) {
    if (deed !== "pinned" || app.pinned.kind !== "output") {
      return null;
    }
    const idle = app.sum.terms.length - app.sum.counting;
    return idle === 5 || `There ${idle === 1 ? "is 1 weight" : `are ${idle} weights`} on padding. Try nearer to a corner.`;
  },
  shown: (app) => `A corner: ${app.sum.counting} products count. Choose another padding_mode above, and the border is read from inside the input instead.`,
};

const stride: Step = {
  number: "5",
  title: "Stride, and rows that nobody reads",
  where: "inputs",
  setup: () => setupOf("Conv2d(1, 1, 3, stride=2, bias=False)", [1, 6, 6]),
  tell: (app) => `With stride=2 the window moves two places at a time. ${counted(app.info.rows.output, "window")} fit into ${app.info.rows.input} rows: ${formula(app.info.rows.formula)}. Nothing is refused where the stride does not divide; the rest is left over.`,
  ask: () => "Find an input that no output reads. Click it, or press Enter on it.",
  check(app, deed) {
    if (deed !== "pinned") {
      return null;
    }
    if (app.pinned.kind !== "input") {
      return "Look among the inputs, the plane that is called input.";
    }
    return app.links.length === 0 || `That one is in ${counted(app.links.length, "product")}. Look where the last window ends.`;
  },
  shown: (app) => `It is in no product. ${counted(app.info.rows.remainder, "row")} and ${counted(app.info.columns.remainder, "column")} are left over; they are struck through.`,
};

const channels: Step = {
  number: "6",
  title: "Input channels are summed",
  where: "filters",
  setup: () => setupOf("Conv2d(3, 1, 3)", [3, 4, 4]),
  tell: (app) => `Three input channels, and still one output: the filter has a slice for each channel. The slices add ${app.sum.channels.map((channel) => short(Number(channel.sum))).join(", ")}; then comes the bias.`,
  ask: () => "Change the bias, under the filter, so that output[0, 0, 0] becomes 0.",
  check(app, deed) {
    if (deed !== "values") {
      return null;
    }
    const now = app.values.output[0];
    return now === 0 || `It is ${short(now)} now. The bias is added once, to the sum of all three channels.`;
  },
  shown: (app) => `Three channels make ${short(Number(app.sum.sum))}, and the bias ${short(app.values.bias[0])} is added once. Not three planes, but one.`,
};

const perFilter = (app: App): number => app.info.cost.parameters / app.info.out_channels;
const filters: Step = {
  number: "7",
  title: "Filters make channels",
  where: "signature",
  setup: () => setupOf("Conv2d(3, 2, 3)", [3, 4, 4]),
  tell: (app) => `Each filter makes one channel of the output: out_channels is their number. A filter has ${app.info.cost.weights / app.info.out_channels} weights and one bias, so ${app.info.out_channels} of them have ${app.info.cost.parameters} parameters.`,
  ask: (app) => `Change out_channels so that the layer has ${4 * perFilter(app)} parameters.`,
  check(app, deed) {
    if (deed !== "layer") {
      return null;
    }
    const { parameters } = app.info.cost;
    return parameters === 4 * perFilter(app) || `Now it has ${grouped(parameters)}: ${perFilter(app)} for each of ${counted(app.info.out_channels, "filter")}.`;
  },
  shown: (app) => `${app.info.out_channels} filters, ${app.info.out_channels} output channels, ${app.info.cost.parameters} parameters; the size of the input does not count.`,
};

const dilation: Step = {
  number: "8",
  title: "Dilation",
  where: "signature",
  setup: () => setupOf("Conv2d(1, 1, 3, bias=False)", [1, 7, 7]),
  tell: (app) => `dilation says how far apart the taps are: with ${app.info.dilation[0]}, next to each other, three taps cover ${app.info.rows.extent} rows.`,
  ask: () => "Change dilation so that the three taps cover 5 rows.",
  check(app, deed) {
    if (deed !== "layer") {
      return null;
    }
    const { extent, kernel } = app.info.rows;
    if (kernel !== 3) {
      return "Leave the kernel at three taps; dilation draws them apart.";
    }
    return extent === 5 || `Now they cover ${extent}: two steps of ${app.info.dilation[0]}, and one.`;
  },
  shown: (app) => `dilation=${app.info.dilation[0]} leaves out ${counted(app.info.dilation[0] - 1, "place")} between taps; still ${app.info.cost.weights} weights. oneDNN and CS231n would write ${app.info.dilation[0] - 1} for it.`,
};

const groups: Step = {
  number: "9",
  title: "Groups, down to depthwise",
  where: "signature",
  setup: () => setupOf("Conv2d(4, 4, 3)", [4, 4, 4]),
  tell: (app) => `groups=1: every filter reads all ${app.info.in_channels} channels, ${app.info.cost.parameters} parameters in all. More groups cut the channels into convolutions that know nothing of each other.`,
  ask: () => "Change groups so that every output channel reads a single input channel.",
  check(app, deed) {
    if (deed !== "layer") {
      return null;
    }
    const reads = app.info.in_channels / app.info.groups;
    return (reads === 1 && app.info.groups > 1) || `Now every output reads ${counted(reads, "channel")}.`;
  },
  shown: (app) => `That is depthwise: ${app.info.groups} groups, ${app.info.cost.parameters} parameters.`,
};

const gradient: Step = {
  number: "10a",
  title: "Backwards: gradients",
  where: "inputs",
  setup: () => setupOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]),
  tell: () => "An input's gradient is the sum over all outputs that it is in: each output's gradient times the weight between them. So the middle learns from more places than the edge.",
  ask: (app) => `Point at the input that is in all ${app.frames} outputs.`,
  check(app, deed) {
    if (deed !== "pinned") {
      return null;
    }
    if (app.pinned.kind !== "input") {
      return "Look among the inputs, the plane that is called input.";
    }
    const outputs = new Set(app.links.map((link) => link.output.join())).size;
    return outputs === app.frames || `That one is in ${counted(outputs, "output")}. Which one do all windows cover?`;
  },
  shown: (app) => `All ${app.links.length} weights lie on it, each in another output. The view Gradients below adds them up.`,
};

const transposed: Step = {
  number: "10b",
  title: "Backwards: transposed convolution",
  where: "signature",
  setup: () => setupOf("ConvTranspose2d(1, 1, 3, stride=2, bias=False)", [1, 3, 3]),
  tell: (app) => `A transposed convolution takes that way back as a layer: every input lays its number times the filter down, ${app.info.stride[0]} places from the one before. ${app.info.rows.input} rows become ${app.info.rows.output}.`,
  ask: () => "A convolution with stride 2 makes 3 rows of 7 and of 8 alike. Change output_padding so that the output here is 8 \u00D7 8.",
  check(app, deed) {
    if (deed !== "layer") {
      return null;
    }
    const [, p, q] = app.info.output_sizes;
    return (p === 8 && q === 8) || `Now it is ${sizes(app)}. output_padding adds rows and columns at the end.`;
  },
  shown: (app) => `Rows: ${formula(app.info.rows.formula)}. It chooses among sizes; it pads nothing.`,
};

export const steps: readonly Step[] = [one, windowStep, slide, padding, stride, channels, filters, dilation, groups, gradient, transposed];

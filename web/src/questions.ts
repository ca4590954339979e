// Questions about random layers. The question number makes the question; the engine has the answer.
import { type App, type Setup, setupOf, type Triple } from "./app";
import { chance, type Chance } from "./chance";
import { counted, formula, grouped, short, typeset } from "./numbers";

export interface Question {
  kind: string;
  setup: Setup;
  text: string;
  /** What to type, each with its name; nothing where inputs are to be marked. */
  fields: string[];
  /** The numbers of the fields; or the marked inputs' row-major indices, ascending. */
  answer: number[];
  hint: string;
  explanation: string;
  /** Whether the input's and the filter's numbers are needed to answer. */
  numbers: boolean;
}

type Made = Omit<Question, "kind" | "setup">;
interface Kind {
  kind: string;
  setup(random: Chance): Setup;
  make(app: App, random: Chance): Made;
}

const on = ([c, h, w]: Triple): string => `an input of ${c} \u00D7 ${h} \u00D7 ${w} (channels, rows, columns)`;

/** A layer whose window fits into its input. */
function anyLayer(random: Chance, most: number): Setup {
  const kernel = random.whole(1, 5);
  const dilation = kernel > 1 ? random.one([1, 1, 1, 2]) : 1;
  const input = random.whole((kernel - 1) * dilation + 2, most);
  const groups = random.one([1, 1, 1, 2]);
  const [inputs, outputs] = [groups * random.whole(1, 4), groups * random.whole(1, 4)];
  const extras = `${dilation > 1 ? `, dilation=${dilation}` : ""}${groups > 1 ? `, groups=${groups}` : ""}${random.whole(0, 3) === 0 ? ", bias=False" : ""}`;
  return setupOf(`Conv2d(${inputs}, ${outputs}, ${kernel}, stride=${random.whole(1, 3)}, padding=${random.whole(0, 2)}${extras})`, [inputs, input, input + random.whole(0, 3)]);
}

const size: Kind = {
  kind: "size",
  setup: (random) => anyLayer(random, 32),
  make: ({ info, setup }) => ({
    text: `How large is the output on ${on(setup.input)}?`,
    fields: ["channels", "rows", "columns"],
    answer: info.output_sizes,
    hint: `floor((input + padding on both sides \u2212 what the kernel covers) / stride) + 1. The kernel covers ${info.rows.extent}.`,
    explanation: `${counted(info.out_channels, "filter")}, ${counted(info.out_channels, "channel")}. Rows: ${formula(info.rows.formula)}. Columns: ${formula(info.columns.formula)}.`,
    numbers: false,
  }),
};

const parameters: Kind = {
  kind: "parameters",
  setup: (random) => anyLayer(random, 16),
  make: ({ info }) => ({
    text: "How many parameters, weights and biases together, does this layer have?",
    fields: ["parameters"],
    answer: [info.cost.parameters],
    hint: `Each filter has a slice for every input channel of its group${info.bias ? ", and one bias" : "; there is no bias here"}.`,
    explanation: `${info.weight_sizes.join(" \u00D7 ")} = ${grouped(info.cost.weights)} weights (filters, channels of a group, rows, columns) and ${info.cost.biases === 1 ? "1 bias" : `${info.cost.biases} biases`}: ${grouped(info.cost.parameters)}.`,
    numbers: false,
  }),
};

const multiplyAdds: Kind = {
  kind: "multiply-adds",
  setup: (random) => anyLayer(random, 12),
  make: ({ info }) => ({
    text: "How many multiply-adds does it take, those on padding counted too?",
    fields: ["multiply-adds"],
    answer: [info.cost.multiply_adds],
    hint: `Every output takes as many as a filter has weights. The output is ${info.output_sizes.join(" \u00D7 ")}.`,
    explanation: `${info.output_sizes.join(" \u00D7 ")} outputs, each of ${info.weight_sizes.slice(1).join(" \u00D7 ")} products: ${grouped(info.cost.multiply_adds)}.${info.cost.multiply_adds_done < info.cost.multiply_adds ? ` Of these ${grouped(info.cost.multiply_adds_done)} do not meet padding.` : ""}`,
    numbers: false,
  }),
};

function productsText(app: App): string {
  const counting = app.sum.terms.filter((term) => term.input_row !== undefined);
  const bracketed = (text: string) => (text.startsWith("-") ? `(${typeset(text)})` : text);
  return counting.map((term) => `${bracketed(term.x)} \u00B7 ${bracketed(term.w)}`).join(" + ");
}

/** A small layer of one channel, at one of its outputs. */
function smallLayer(random: Chance, extras: string): Setup {
  const kernel = random.whole(2, 3);
  const setup = setupOf(`Conv2d(1, 1, ${kernel}, stride=${random.whole(1, 2)}${extras})`, [1, 5, 5]);
  setup.seed = random.whole(1, 9999);
  setup.at = [0, random.whole(0, 2), random.whole(0, 2)];
  return setup;
}

const value: Kind = {
  kind: "value",
  setup: (random) => smallLayer(random, `, padding=${random.whole(0, 1)}`),
  make: (app) => ({
    text: `What is output[${app.setup.at.join(", ")}] of this input, with this filter and a bias of ${short(app.values.bias[0])}?`,
    fields: ["value"],
    answer: [Number(app.sum.value)],
    hint: `The window begins in row ${app.sum.terms[0].row} and column ${app.sum.terms[0].column} of the input (counted from 0; a place before 0 is padding). ${counted(app.sum.counting, "product")}, then the bias.`.replaceAll("-", "\u2212"),
    explanation: `${productsText(app)} = ${short(Number(app.sum.sum))}, and the bias ${short(Number(app.sum.bias))}: ${short(Number(app.sum.value))}.`,
    numbers: true,
  }),
};

const reads: Kind = {
  kind: "reads",
  setup: (random) => smallLayer(random, `, padding=${random.whole(0, 1)}, dilation=${random.whole(1, 2)}, bias=False`),
  make(app) {
    const { stride, dilation, rows } = app.info;
    const inputs = app.sum.terms.filter((term) => term.input_row !== undefined).map((term) => app.inputAt([term.channel, term.input_row!, term.input_column!]));
    const idle = app.sum.terms.length - inputs.length;
    return {
      text: `Which inputs does output[${app.setup.at.join(", ")}] read? Mark them all.`,
      fields: [],
      answer: inputs.sort((a, b) => a - b),
      hint: `The window moves ${stride[0]} for each output and begins ${rows.pad_before === 0 ? "where the input does" : `${rows.pad_before} before the input`}; its taps are ${dilation[0]} apart.`,
      explanation: `Row ${app.setup.at[1]} of the output starts at ${app.setup.at[1]} \u00B7 ${stride[0]} \u2212 ${rows.pad_before}, and takes ${rows.kernel} taps ${dilation[0]} apart; columns likewise. That makes ${counted(inputs.length, "input")}${idle > 0 ? `; ${counted(idle, "tap")} on padding` : ""}.`,
      numbers: true,
    };
  },
};

const habits = ["torch", "oneDNN", "CS231n"] as const;
const dilation: Kind = {
  kind: "dilation",
  setup: (random) => setupOf(`Conv2d(1, 1, ${random.whole(2, 5)}, dilation=${random.whole(1, 4)})`, [1, 18, 18]),
  make({ info }, random) {
    const gaps = info.dilation[0] - 1;
    const [from, to] = random.one([[0, 1], [0, 2], [1, 0], [2, 0]]);
    const asWritten = (habit: number) => (habit === 0 ? gaps + 1 : gaps);
    return {
      text: `${habits[from]} writes a dilation of ${asWritten(from)} for a kernel of ${info.rows.kernel}. What does ${habits[to]} write, and how many rows does the window cover?`,
      fields: ["dilation", "rows"],
      answer: [asWritten(to), info.rows.extent],
      hint: "torch counts steps from tap to tap; oneDNN and CS231n count the places left out between them.",
      explanation: `${counted(gaps, "place")} left out between taps: ${gaps + 1} in torch, ${gaps} in oneDNN and CS231n. ${info.rows.kernel} taps, ${counted(info.rows.kernel - 1, "step")} of ${gaps + 1}, and the first row: ${info.rows.extent} rows.`,
      numbers: false,
    };
  },
};

export const kinds: readonly Kind[] = [size, reads, parameters, value, dilation, multiplyAdds];

/** The question of a number, asked of the engine aside from what the page shows. */
export function questionOf(app: App, number: number): Question {
  const random = chance(number);
  const kind = kinds[number % kinds.length];
  return app.aside(kind.setup(random), (other) => ({ kind: kind.kind, setup: other.setup, ...kind.make(other, random) }));
}

/** The layer as a line to read; a dilation question does not give its answer away. */
export function layerLine(question: Question): string {
  return question.kind === "dilation" ? "" : question.setup.layer;
}

export function isRight(question: Question, given: readonly number[]): boolean {
  return given.length === question.answer.length && given.every((value, i) => value === question.answer[i]);
}

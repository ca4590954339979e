// One pixel of an output: the window, the weights, and the sum in the digits that are added.
import { setupOf, type App } from "./app";
import { announce, make } from "./dom";
import type { OutputSum } from "./engine";
import type { Inspection } from "./messages";
import { counted, typeset } from "./numbers";
import { extentOf, layerText, type Job } from "./pixels";
import { Plane } from "./plane";

const mostCells = 81;
const mostPatch = 14;
const mostProducts = 25;

function whole(count: number) {
  return { first: 0, last: count - 1 };
}

/** After a sign, a number below zero stands in brackets. */
function bracketed(text: string): string {
  return text.startsWith("-") ? `(${typeset(text)})` : text;
}

/** The filter of one output, where a stage with all of them would be too many numbers. */
function alone(job: Job, k: number): { job: Job; k: number } {
  if (job.outputs <= 8 || job.groups !== 1) {
    return { job, k };
  }
  const size = job.weights.length / job.outputs;
  return { job: { ...job, outputs: 1, weights: job.weights.slice(k * size, (k + 1) * size), biases: job.biases.slice(k, k + 1) }, k: 0 };
}

/** Numbers of 32 bits in as few digits as name them. */
function edits(values: Float32Array): Map<number, number> {
  return new Map(Array.from(values, (value, i) => [i, Number(value.toPrecision(9))]));
}

export class Inspector {
  readonly element = make("section", { class: "inspector", "aria-label": "One pixel of an output" });

  constructor(private readonly app: App) {
    this.element.append(make("p", { class: "quiet" }, "Click on a pixel of an output, or move over it with the arrow keys, to see what it is made of."));
  }

  show(inspection: Inspection): void {
    const { at, sum, job } = inspection;
    this.element.classList.add("shown");
    const [k, p, q] = at;
    const head = make("p", { class: "head" }, make("b", { class: "output" }, `output[${k}, ${p}, ${q}] = ${typeset(sum.value)}`),
      make("span", { class: "quiet" }, `  ${this.place(inspection)}`));
    const channels = sum.channels.map(({ channel }) => channel);
    const small = job.kernel[0] * job.kernel[1] <= mostCells;
    this.element.replaceChildren(
      head,
      small ? make("div", { class: "channels" }, ...channels.map((channel) => this.channel(inspection, channel))) : make("p", {}, "The window is too large to write its numbers here."),
      this.total(sum),
      this.toStage(inspection),
    );
    announce(`Output channel ${k}, row ${p}, column ${q} is ${sum.value}: ${counted(sum.counting, "product")}${sum.has_bias ? ` and the bias ${sum.bias}` : ""}.`);
  }

  private place({ row, column, job }: Inspection): string {
    const last = (from: number, axis: 0 | 1) => from + extentOf(job.kernel[axis], job.dilation[axis]) - 1;
    return `its window: rows ${typeset(String(row))} to ${typeset(String(last(row, 0)))}, columns ${typeset(String(column))} to ${typeset(String(last(column, 1)))} of the picture`;
  }

  private channel(inspection: Inspection, channel: number): HTMLElement {
    const { sum, job } = inspection;
    const partial = sum.channels.find((each) => each.channel === channel)!;
    const name = job.channels === 1 ? "grey" : ["red", "green", "blue"][channel];
    return make("div", { class: "channel" },
      make("figure", {}, make("figcaption", { class: "input" }, `window, ${name}`), this.window(inspection, channel).element),
      make("span", { "aria-hidden": "true" }, "\u00B7"),
      make("figure", {}, make("figcaption", { class: "weight" }, "weights"), this.weights(inspection, channel).element),
      make("span", {}, "= ", make("b", {}, typeset(partial.sum))));
  }

  private window({ sum, job, outsideRows, outsideColumns }: Inspection, channel: number): Plane {
    const plane = new Plane(`Window of channel ${channel}`, "input", whole(job.kernel[0]), whole(job.kernel[1]));
    const values = this.factors(sum, channel, "x", job);
    plane.fill((r, s) => {
      const outside = outsideRows[r] || outsideColumns[s];
      const value = values[r * job.kernel[1] + s];
      return { value, classes: outside ? [job.mode === "zeros" ? "padding" : "border"] : [], label: `${value}${outside ? ", padding" : ""}`, live: false };
    }, job.white);
    return plane;
  }

  private weights({ sum, job }: Inspection, channel: number): Plane {
    const plane = new Plane(`Weights of channel ${channel}`, "weight", whole(job.kernel[0]), whole(job.kernel[1]));
    const values = this.factors(sum, channel, "w", job);
    const most = Math.max(...values.map(Math.abs)) || 1;
    plane.fill((r, s) => ({ value: values[r * job.kernel[1] + s], label: String(values[r * job.kernel[1] + s]), live: false }), most);
    return plane;
  }

  private factors(sum: OutputSum, channel: number, which: "x" | "w", job: Job): number[] {
    const values = new Array<number>(job.kernel[0] * job.kernel[1]).fill(0);
    for (const term of sum.terms) {
      if (term.channel === channel) {
        values[term.r * job.kernel[1] + term.s] = Number(term[which]);
      }
    }
    return values;
  }

  /** The products one by one, where a line or two holds them; then all channels and the bias. */
  private total(sum: OutputSum): HTMLElement {
    const parts: (HTMLElement | string)[] = [];
    if (sum.channels.length > 1) {
      parts.push("channel by channel: ", sum.channels.map((channel) => typeset(channel.running)).join(" \u2192 "));
    } else if (sum.terms.length <= mostProducts) {
      parts.push(...sum.terms.flatMap((term, i) => [i > 0 ? " + " : "", make("span", { class: "product" },
        make("span", { class: "input" }, typeset(term.x)), "\u00B7", make("span", { class: "weight" }, bracketed(term.w)))]));
    } else {
      parts.push(`${counted(sum.terms.length, "product")}, together `, typeset(sum.sum));
    }
    if (sum.has_bias) {
      parts.push(", and the bias: ", typeset(sum.sum), " + ", make("span", { class: "weight" }, bracketed(sum.bias)));
    }
    return make("p", {}, ...parts, " = ", make("b", { class: "output" }, typeset(sum.value)));
  }

  private toStage(inspection: Inspection): HTMLElement | string {
    const { patch } = inspection;
    if (Math.max(patch.rows, patch.columns) > mostPatch) {
      return "";
    }
    return make("button", { type: "button", onclick: () => this.openOnStage(inspection) }, `Open these ${patch.rows} \u00D7 ${patch.columns} pixels on the stage`);
  }

  private openOnStage({ patch, at, job: whole }: Inspection): void {
    const { job, k } = alone(whole, at[0]);
    this.app.open({
      ...setupOf(layerText(job, [1, 1]), [job.channels, patch.rows, patch.columns]),
      at: [k, patch.row, patch.column],
      edits: { input: edits(patch.values), weight: edits(job.weights), bias: edits(job.biases) },
    });
    const stage = document.getElementById("stage")!;
    stage.scrollIntoView();
    stage.focus({ preventScroll: true });
    announce(`The stage shows ${patch.rows} by ${patch.columns} pixels of the picture, padding included.`);
  }
}

// The sum of what is pointed at, written out, each number in the colour of where it comes from.
import { type App } from "./app";
import { type Term } from "./engine";
import { announce, make } from "./dom";
import { counted, short, typeset } from "./numbers";

const mostTerms = 36;
const mostLinks = 24;

function number(text: string, role: string): HTMLElement {
  const shown = typeset(text);
  return make("span", { class: role }, shown.startsWith("\u2212") ? `(${shown})` : shown);
}

export class SumLine {
  constructor(
    private readonly app: App,
    private readonly element: HTMLElement,
  ) {
    app.onChange((what) => {
      if (what !== "theme" && what !== "view" && what !== "address") {
        this.update();
      }
    });
    this.update();
  }

  private update(): void {
    const { selection, predicting } = this.app;
    if (predicting) {
      this.element.replaceChildren(make("p", {}, "The outputs are hidden. Predict, then reveal."));
      return;
    }
    const lines = selection.kind === "output" ? this.sumLines() : this.linkLines();
    this.element.replaceChildren(...lines);
  }

  // ---- an output

  private sumLines(): HTMLParagraphElement[] {
    const { sum } = this.app;
    const [k, p, q] = sum.output;
    const lines = [
      make("p", { class: "head" },
        make("b", { class: "output" }, `output[${k}, ${p}, ${q}]`), " = ", make("b", { class: "output" }, typeset(sum.value)),
        make("span", { class: "quiet" }, `  ${counted(sum.counting, "product")}${sum.has_bias ? " and the bias" : ""}`)),
    ];
    const shown = sum.channels.slice(0, 6);
    for (const channel of shown) {
      const terms = sum.terms.filter((term) => term.channel === channel.channel && term.input_row !== undefined);
      lines.push(make("p", {},
        make("span", { class: "quiet" }, `channel ${channel.channel}: `),
        ...(terms.length === 0 ? ["all of it meets padding "] : terms.length > mostTerms ? [`${counted(terms.length, "product")}, together `] : this.products(terms)),
        " = ", make("b", {}, typeset(channel.sum))));
    }
    if (shown.length < sum.channels.length) {
      lines.push(make("p", { class: "quiet" }, `\u2026 and ${counted(sum.channels.length - shown.length, "channel")} more`));
    }
    lines.push(this.total());
    announce(`Output channel ${k}, row ${p}, column ${q} is ${sum.value}: ${counted(sum.counting, "product")}${sum.has_bias ? ` and the bias ${sum.bias}` : ""}.`);
    return lines;
  }

  private products(terms: Term[]): (HTMLElement | string)[] {
    return terms.flatMap((term, i) => [
      i > 0 ? " + " : "",
      make("span", { class: "product", title: `input row ${term.input_row}, column ${term.input_column} times weight ${term.r}, ${term.s}` },
        number(term.x, "input"), "\u00B7", number(term.w, "weight")),
    ]);
  }

  private total(): HTMLParagraphElement {
    const { sum } = this.app;
    const parts: (HTMLElement | string)[] = sum.channels.length > 1
      ? ["channel by channel: ", sum.channels.slice(0, 8).map((channel) => typeset(channel.running)).join(" \u2192 "), sum.channels.length > 8 ? " \u2192 \u2026" : ""]
      : ["in all: ", typeset(sum.sum)];
    if (sum.has_bias) {
      parts.push(", and the bias: ", typeset(sum.sum), " + ", number(sum.bias, "weight"));
    }
    return make("p", {}, ...parts, " = ", make("b", { class: "output" }, typeset(sum.value)));
  }

  // ---- an input or a weight

  private linkLines(): HTMLParagraphElement[] {
    const { selection, links, values } = this.app;
    if (selection.kind === "output") {
      return [];
    }
    const isInput = selection.kind === "input";
    const value = isInput ? values.input[this.app.inputAt(selection.index)] : values.weight[this.app.weightAt(selection.index)];
    const name = `${isInput ? "input" : "weight"}[${selection.index.join(", ")}]`;
    const outputs = new Set(links.map((link) => link.output.join()));
    const sentence = links.length === 0
      ? ` is in no output: no window reads it.`
      : ` is in ${counted(links.length, "product")} of ${counted(outputs.size, "output")}.`;
    announce(`${name} = ${short(value)}${sentence}`);
    const lines = [make("p", { class: "head" }, make("b", { class: isInput ? "input" : "weight" }, `${name} = ${short(value)}`), sentence)];
    if (links.length > 0) {
      lines.push(make("p", {}, ...links.slice(0, mostLinks).flatMap((link, i) => [i > 0 ? ", " : "", this.linkText(link.output, isInput ? link.weight : link.input, isInput)]),
        links.length > mostLinks ? `, and ${counted(links.length - mostLinks, "more")}`.replace(/s$/, "") : ""));
    }
    lines.push(make("p", { class: "quiet" }, isInput
      ? "Its gradient is the sum of these outputs' gradients, each times the weight beside it."
      : "Its gradient is the sum of these outputs' gradients, each times the input beside it."));
    return lines;
  }

  private linkText(output: readonly number[], other: readonly number[], isInput: boolean): HTMLElement {
    const { values } = this.app;
    const factor = isInput ? values.weight[this.app.weightAt(other)] : values.input[this.app.inputAt(other as [number, number, number])];
    return make("span", { class: "product" }, make("span", { class: "output" }, `output[${output.join(", ")}]`), " by ",
      make("span", { class: isInput ? "weight" : "input" }, short(factor)));
  }
}

// The signature is the control panel: every argument in it is live.
import { type App, refusal, setupOf, type Setup, type Triple } from "./app";
import { type LayerInfo } from "./engine";
import { make } from "./dom";

/** What an argument is, and where it acts. */
interface Argument {
  name: string;
  help: string;
  kind: "number" | "text" | "choice";
  choices?: string[];
  least?: number;
  of(info: LayerInfo): string;
}

const pair = (two: readonly number[]): string => (two[0] === two[1] ? String(two[0]) : `(${two.join(", ")})`);

function paddingText(padding: LayerInfo["padding"]): string {
  if (typeof padding === "string") {
    return padding;
  }
  const [top, bottom, left, right] = padding;
  return top === bottom && left === right ? pair([top, left]) : `(${padding.join(", ")})`;
}

const convArguments: Argument[] = [
  { name: "in_channels", help: "planes of the input, all of which every filter of a group reads", kind: "number", least: 1, of: (i) => String(i.in_channels) },
  { name: "out_channels", help: "the number of filters: each makes one plane of the output", kind: "number", least: 1, of: (i) => String(i.out_channels) },
  { name: "kernel_size", help: "rows and columns of a filter", kind: "text", of: (i) => pair(i.kernel_size) },
  { name: "stride", help: "how far the window moves from one output to the next", kind: "text", of: (i) => pair(i.stride) },
  { name: "padding", help: "rows and columns added on every side: a number, a pair, or same", kind: "text", of: (i) => paddingText(i.padding) },
  { name: "dilation", help: "how far apart the taps are: 1 is no gap (oneDNN and CS231n count that as 0)", kind: "text", of: (i) => pair(i.dilation) },
  { name: "groups", help: "cuts the channels into convolutions that know nothing of each other", kind: "number", least: 1, of: (i) => String(i.groups) },
  { name: "bias", help: "one number for each filter, added last", kind: "choice", choices: ["True", "False"], of: (i) => (i.bias ? "True" : "False") },
  { name: "padding_mode", help: "what lies beyond the border", kind: "choice", choices: ["zeros", "reflect", "replicate", "circular"], of: (i) => i.padding_mode },
];

const transposedArguments: Argument[] = [
  ...convArguments.slice(0, 5),
  { name: "output_padding", help: "chooses among the sizes that the stride maps to one: rows and columns added at the end", kind: "text", of: (i) => pair(i.output_padding ?? [0, 0]) },
  convArguments[6],
  convArguments[7],
  convArguments[5],
];

export class Signature {
  private readonly problem = make("p", { class: "problem", role: "alert", id: "signature-problem" });

  constructor(
    private readonly app: App,
    private readonly element: HTMLElement,
  ) {
    app.onChange((what) => {
      if (what === "layer") {
        this.render();
      } else if (what === "mode") {
        this.element.querySelector(".makes")!.replaceWith(this.makes());
      }
    });
    this.render();
  }

  private arguments(transposed = this.app.info.transposed): Argument[] {
    return transposed ? transposedArguments : convArguments;
  }

  private render(): void {
    const focused = document.activeElement?.id;
    const { info } = this.app;
    const type = make("select", { "aria-label": "Layer", id: "layer-type", onchange: () => this.changeType(type.value) },
      ...["Conv2d", "ConvTranspose2d"].map((name) => make("option", { value: name }, name)));
    type.value = info.transposed ? "ConvTranspose2d" : "Conv2d";
    const line = make("div", { class: "line" }, type, make("span", { class: "paren" }, "("));
    this.arguments().forEach((argument, i, all) => {
      const field = this.field(argument, info);
      field.append(make("span", { class: "comma" }, i + 1 < all.length ? "," : ")"));
      line.append(field);
    });
    this.problem.textContent = "";
    this.element.replaceChildren(line, this.inputLine(), this.problem);
    if (focused) {
      document.getElementById(focused)?.focus();
    }
  }

  private field(argument: Argument, info: LayerInfo): HTMLElement {
    const id = `argument-${argument.name}`;
    const value = argument.of(info);
    const apply = (text: string) => this.change(argument.name, text, id);
    const control = argument.kind === "choice"
      ? make("select", { id }, ...(info.transposed && argument.name === "padding_mode" ? ["zeros"] : argument.choices!).map((choice) => make("option", { value: choice }, choice)))
      : make("input", { id, type: "text", size: Math.max(1, value.length), autocomplete: "off", spellcheck: "false" });
    control.value = value;
    control.setAttribute("aria-describedby", `${id}-help signature-problem`);
    control.addEventListener("change", () => apply(control.value));
    control.addEventListener("keydown", (event) => this.onKey(event as KeyboardEvent, argument, control.value, apply));
    return make("span", { class: "argument", "data-argument": argument.name, title: argument.help },
      make("label", { for: id }, argument.name), make("span", { class: "equals" }, "="), control,
      argument.kind === "choice" ? null : this.steppers(argument, value, apply),
      make("span", { id: `${id}-help`, class: "hidden" }, argument.help));
  }

  private steppers(argument: Argument, value: string, apply: (text: string) => void): HTMLElement {
    const step = (by: number) => () => apply(stepped(value, by, argument.least ?? 0));
    return make("span", { class: "steppers" },
      make("button", { type: "button", tabindex: -1, "aria-label": `less ${argument.name}`, onclick: step(-1) }, "\u2212"),
      make("button", { type: "button", tabindex: -1, "aria-label": `more ${argument.name}`, onclick: step(1) }, "+"));
  }

  private onKey(event: KeyboardEvent, argument: Argument, value: string, apply: (text: string) => void): void {
    const by = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (by !== 0 && argument.kind !== "choice") {
      event.preventDefault();
      apply(stepped(value, by, argument.least ?? 0));
    }
  }

  private inputLine(): HTMLElement {
    const [c, h, w] = this.app.info.input_sizes;
    const size = (name: string, label: string, value: number, index: number) => {
      const field = make("input", { id: `size-${name}`, type: "text", inputmode: "numeric", size: String(value).length, "aria-label": label });
      field.value = String(value);
      const apply = (text: string) => this.resize(index, text, field.id);
      field.addEventListener("change", () => apply(field.value));
      field.addEventListener("keydown", (event) => {
        const by = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
        if (by !== 0) {
          event.preventDefault();
          apply(stepped(field.value, by, 1));
        }
      });
      return field;
    };
    const paste = make("input", { id: "paste", type: "text", placeholder: "paste a layer as torch prints it", "aria-label": "A layer as torch prints it", spellcheck: "false", autocomplete: "off" });
    paste.addEventListener("change", () => {
      if (paste.value.trim() !== "") {
        this.open(paste.value, null, "paste");
      }
    });
    return make("div", { class: "sizes" },
      make("span", {}, "on an input of ", make("b", { class: "input" }, String(c)), " \u00D7 ", size("height", "Rows of the input", h, 1), " \u00D7 ", size("width", "Columns of the input", w, 2)),
      this.makes(),
      paste);
  }

  private makes(): HTMLElement {
    const sizes = this.app.info.output_sizes.map((size) => (this.app.predicting ? "?" : size));
    return make("span", { class: "makes" }, "makes ", make("b", { class: "output" }, sizes.join(" \u00D7 ")));
  }

  // ---- changes

  private text(changed: string | null, value: string, transposed: boolean): string {
    const { info } = this.app;
    const parts = this.arguments(transposed).map((argument) => {
      const text = argument.name === changed ? value : argument.of(info);
      const quoted = argument.name === "padding_mode" || (argument.name === "padding" && /^[a-z_]+$/.test(text)) ? `'${text}'` : text;
      return `${argument.name}=${quoted}`;
    });
    return `${transposed ? "ConvTranspose2d" : "Conv2d"}(${parts.join(", ")})`;
  }

  private change(name: string, value: string, id: string): void {
    const input: Triple = [...this.app.info.input_sizes];
    if (name === "in_channels" && /^\d+$/.test(value)) {
      input[0] = Number(value);
    }
    this.open(this.text(name, value, this.app.info.transposed), input, id);
  }

  private changeType(type: string): void {
    this.open(this.text(type === "ConvTranspose2d" ? "padding_mode" : null, "zeros", type === "ConvTranspose2d"), this.app.info.input_sizes, "layer-type");
  }

  private resize(index: number, text: string, id: string): void {
    if (!/^\d+$/.test(text.trim())) {
      this.refuse(`the input has a whole number of rows and columns, but got '${text}'`, id);
      return;
    }
    const input: Triple = [...this.app.info.input_sizes];
    input[index] = Number(text);
    this.open(this.app.info.repr, input, id);
  }

  /** Opens a layer, or says beside the field why not; the picture keeps its last good state. */
  private open(layer: string, input: Triple | null, id: string): void {
    const wanted = input ?? inputFor(layer, this.app.info.input_sizes);
    const setup: Setup = { ...setupOf(layer, wanted), seed: this.app.setup.seed, view: this.app.setup.view, at: this.app.setup.at, flipped: this.app.setup.flipped };
    const sentence = refusal(() => this.app.open(setup));
    if (sentence !== null) {
      this.refuse(sentence, id);
    }
  }

  private refuse(sentence: string, id: string): void {
    this.problem.textContent = sentence;
    for (const field of this.element.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
    }
    document.getElementById(id)?.setAttribute("aria-invalid", "true");
  }
}

/** "2" -> "3", "(2, 3)" -> "(3, 4)", "same" stays. */
function stepped(text: string, by: number, least: number): string {
  return text.replace(/-?\d+/g, (digits) => String(Math.max(least, Number(digits) + by)));
}

/** The channels that a pasted layer takes, with the rows and columns that are there. */
function inputFor(layer: string, before: Triple): Triple {
  const channels = /\(\s*(?:in_channels\s*=\s*)?(\d+)/.exec(layer);
  return [channels === null || /Lazy/.test(layer) ? before[0] : Number(channels[1]), before[1], before[2]];
}

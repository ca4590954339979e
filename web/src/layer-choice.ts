// Which filters run on the picture, and how: kind, padding, stride, and the numbers of the picture.
import type { App } from "./app";
import { make } from "./dom";
import type { Filter } from "./engine";
import { kernelGrid } from "./kernel-grid";
import { filterJob, halfPadding, learnedJob, learnedParameters, randomJob, stageJob, stageProblem, stageSettings, type Settings } from "./layers";
import type { Job, PaddingMode } from "./pixels";

const kinds = [
  ["named", "a named filter"],
  ["random", "random filters"],
  ["stage", "the layer above"],
  ["learned", "learned filters"],
] as const;
type Kind = (typeof kinds)[number][0];
const modes: PaddingMode[] = ["zeros", "reflect", "replicate", "circular"];

function option(value: string | number, text: string): HTMLOptionElement {
  return make("option", { value }, text);
}

export class LayerChoice {
  readonly element = make("div", { class: "layer-choice" });
  private readonly filters: Filter[];
  private readonly kind = make("select", { id: "photo-kind" }, ...kinds.map(([value, text]) => option(value, text)));
  private readonly channels = make("select", { id: "photo-channels" }, option(1, "grey, 1 channel"), option(3, "colours, 3 channels"));
  private readonly white = make("select", { id: "photo-white" }, option(255, "0 to 255, as bytes"), option(1, "0 to 1, as ToTensor"));
  private readonly mode = make("select", { id: "photo-mode" }, ...modes.map((mode) => option(mode, mode)));
  private readonly stride = this.number("photo-stride", 1, 1, 64);
  private readonly padding = this.number("photo-padding", 1, 0, 256);
  private readonly outputs = this.number("photo-outputs", 8, 1, 64);
  private readonly size = this.number("photo-size", 5, 1, 15);
  private readonly seed = this.number("photo-seed", 0, 0, 4294967295);
  private readonly about = make("div", { class: "about" });
  private readonly cards: HTMLElement;
  private filter: Filter;
  /** Strides and paddings as they are, of which the fields show the first. */
  private strides: Settings["stride"] = [1, 1];
  private paddings: Settings["padding"] = [1, 1, 1, 1];
  private learned: Float32Array | null = null;
  private readonly valid = new Map<HTMLInputElement, number>();
  /** What the reader had chosen before the layer of the stage took its place. */
  private before: Settings | null = null;

  constructor(
    private readonly app: App,
    private readonly changed: () => void,
    private readonly problem: (sentence: string) => void,
  ) {
    this.filters = app.engine.catalogue().filters;
    this.filter = this.filters[0];
    this.cards = make("div", { class: "cards", role: "radiogroup", "aria-label": "Named filters" }, ...this.filters.map((filter) => this.card(filter)));
    this.build();
    this.listen();
    this.follow();
  }

  private number(id: string, value: number, min: number, max: number): HTMLInputElement {
    return make("input", { type: "number", id, value, min, max, step: 1, required: true });
  }

  private field(text: string, control: HTMLElement): HTMLElement {
    return make("span", { class: "field" }, make("label", { for: control.id }, text), control);
  }

  private card(filter: Filter): HTMLElement {
    const radio = make("input", { type: "radio", name: "photo-filter", value: filter.name, checked: filter === this.filter });
    radio.addEventListener("change", () => {
      this.filter = filter;
      this.setPadding(halfPadding([filter.rows, filter.columns]));
      this.changed();
    });
    return make("label", { class: "card" }, radio, make("b", {}, filter.name), kernelGrid(filter), make("span", { class: "quiet meaning" }, filter.meaning));
  }

  private build(): void {
    this.element.append(
      make("fieldset", { class: "choices" }, make("legend", {}, "What runs on it"), this.field("Filters", this.kind), this.field("picture as", this.channels), this.field("its numbers", this.white)),
      this.about,
      make("fieldset", { class: "choices" }, make("legend", {}, "How"), this.field("stride", this.stride), this.field("padding", this.padding), this.field("padding_mode", this.mode)),
    );
  }

  private listen(): void {
    this.kind.addEventListener("change", () => this.follow());
    for (const field of [this.channels, this.white, this.mode, this.outputs, this.seed]) {
      field.addEventListener("change", () => this.takeIfValid(field, () => {}));
    }
    this.size.addEventListener("change", () => this.takeIfValid(this.size, () => this.setPadding(halfPadding([this.numberIn(this.size), this.numberIn(this.size)]))));
    this.stride.addEventListener("change", () => this.takeIfValid(this.stride, () => (this.strides = [this.stride.valueAsNumber, this.stride.valueAsNumber])));
    this.padding.addEventListener("change", () =>
      this.takeIfValid(this.padding, () => {
        const all = this.padding.valueAsNumber;
        this.paddings = [all, all, all, all];
      }),
    );
  }

  /** What a field cannot hold is answered in a sentence, and what was before stays. */
  private takeIfValid(field: HTMLInputElement | HTMLSelectElement, take: () => void): void {
    const valid = field.checkValidity();
    field.setAttribute("aria-invalid", String(!valid));
    if (valid) {
      if (field instanceof HTMLInputElement) {
        this.valid.set(field, field.valueAsNumber);
      }
      take();
      this.changed();
    } else if (field instanceof HTMLInputElement) {
      this.problem(`${field.labels![0].textContent} takes whole numbers from ${field.min} to ${field.max}.`);
    }
  }

  /** The last number in a field that it can hold. */
  private numberIn(field: HTMLInputElement): number {
    return field.checkValidity() ? field.valueAsNumber : this.valid.get(field) ?? Number(field.defaultValue);
  }

  private setPadding(padding: Settings["padding"]): void {
    this.paddings = padding;
    this.padding.value = String(padding[0]);
  }

  /** Shows what belongs to the kind of filters that is chosen. */
  private follow(): void {
    const kind = this.kind.value as Kind;
    if (kind === "stage") {
      this.before ??= this.settings();
    } else if (this.before !== null) {
      this.use(this.before);
      this.before = null;
    }
    this.channels.disabled = kind === "stage" || kind === "learned";
    this.white.disabled = kind === "learned";
    if (kind === "named") {
      this.about.replaceChildren(this.cards);
      this.setPadding(halfPadding([this.filter.rows, this.filter.columns]));
    } else if (kind === "random") {
      this.showRandom();
    } else if (kind === "stage") {
      this.stageChanged();
      return;
    } else {
      void this.showLearned();
      return;
    }
    this.changed();
  }

  private showRandom(): void {
    const again = make("button", { type: "button", onclick: () => { this.seed.value = String(this.numberIn(this.seed) + 1); this.changed(); } }, "Other filters");
    this.about.replaceChildren(
      make("p", {}, "The weights that torch gives a new layer after ", make("code", {}, "torch.manual_seed(seed)"), ": no filter is meant to show anything, and yet some answer to edges and some to light."),
      make("div", { class: "choices" }, this.field("seed", this.seed), this.field("out_channels", this.outputs), this.field("kernel_size", this.size), again),
    );
    this.setPadding(halfPadding([this.numberIn(this.size), this.numberIn(this.size)]));
  }

  private async showLearned(): Promise<void> {
    this.learned ??= await learnedParameters();
    if (this.kind.value !== "learned") {
      return;
    }
    this.about.replaceChildren(
      make("p", {}, this.learned === null
        ? "Learned filters are missing: this copy of the page was built without a network."
        : `The first layer of ESRGAN-slim, a network that learned to enlarge pictures: Conv2d(3, ${this.learned.length / 28}, kernel_size=3, padding=1). Nobody chose these weights.`),
      this.learned === null ? "" : make("p", { class: "quiet" }, "From the npm package @upscalerjs/esrgan-slim, \u00A9 2022 Kevin Scott, MIT licence."),
    );
    this.channels.value = "3";
    this.white.value = "255";
    this.setPadding([1, 1, 1, 1]);
    this.changed();
  }

  /** The layer of the stage, or its weights, are others now. */
  stageChanged(): void {
    if (this.kind.value !== "stage") {
      return;
    }
    const problem = stageProblem(this.app.info);
    this.about.replaceChildren(make("p", {}, problem ?? make("code", {}, this.app.info.repr)));
    if (problem === null) {
      this.use(stageSettings(this.app.info));
    }
    this.changed();
  }

  private use({ channels, mode, stride, padding }: Pick<Settings, "channels" | "mode" | "stride" | "padding">): void {
    this.channels.value = String(channels);
    this.mode.value = mode;
    this.strides = stride;
    this.stride.value = String(stride[0]);
    this.setPadding(padding);
  }

  private settings(): Settings {
    return {
      channels: Number(this.channels.value) as 1 | 3,
      white: Number(this.white.value) as 1 | 255,
      stride: this.strides,
      padding: this.paddings,
      mode: this.mode.value as PaddingMode,
    };
  }

  /** Nothing where what is chosen cannot run; the page says why. */
  job(): Job | null {
    const settings = this.settings();
    switch (this.kind.value as Kind) {
      case "named":
        return filterJob(this.filter, settings);
      case "random":
        return randomJob(this.app, this.numberIn(this.outputs), this.numberIn(this.size), this.numberIn(this.seed), settings);
      case "stage":
        return stageProblem(this.app.info) === null ? stageJob(this.app, settings) : null;
      case "learned":
        return this.learned === null ? null : learnedJob(this.learned, settings);
    }
  }

  /** The filters in a few words. */
  get name(): string {
    return this.kind.value === "named" ? this.filter.name : kinds.find(([kind]) => kind === this.kind.value)![1];
  }
}

// Set the gradient of the outputs and watch those of inputs, weights and bias add up.
import { type App } from "./app";
import { make } from "./dom";
import { short } from "./numbers";
import { Plane, span } from "./plane";

const mostPlanes = 4;
const mostPlaces = 14;

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Number.isFinite(value) ? Math.abs(value) : 0), 0) || 1;
}

/** A plane of (channels, rows, columns) numbers that lie one behind the other. */
interface Numbers {
  values: Float64Array;
  rows: number;
  columns: number;
}

export class Gradients {
  private given = new Float64Array();
  private layer = "";

  constructor(
    private readonly app: App,
    private readonly element: HTMLElement,
  ) {}

  /** Draws everything for the layer that is open. */
  draw(): void {
    const { info } = this.app;
    const key = `${info.repr} ${info.input_sizes.join()}`;
    if (key !== this.layer) {
      this.layer = key;
      this.given = new Float64Array(this.app.frames).fill(1);
    }
    this.element.replaceChildren(
      make("p", {}, "Each output has a gradient: how much a loss grows with it. All ones, for a start: the loss is the sum of all outputs. Change any of them."),
      make("div", { class: "gradient-tools" },
        make("button", { type: "button", onclick: () => this.set(() => 1) }, "All ones"),
        make("button", { type: "button", onclick: () => this.set((at) => (at === this.app.frameOf(this.app.setup.at) ? 1 : 0)) }, "Only the pinned output")),
      this.planes(),
    );
  }

  private set(of: (at: number) => number): void {
    this.given = this.given.map((_, at) => of(at));
    this.draw();
  }

  private planes(): HTMLElement {
    const { info, engine, frame } = this.app;
    // While the reader walks, only the outputs so far send theirs back.
    const sent = this.given.map((value, at) => (frame === null || at <= frame ? value : 0));
    const all = engine.gradient(sent);
    const inputs = info.input_sizes.reduce((a, b) => a * b, 1);
    const weights = info.weight_sizes.reduce((a, b) => a * b, 1);
    const dx = { values: all.slice(0, inputs), rows: info.input_sizes[1], columns: info.input_sizes[2] };
    const dw = { values: all.slice(inputs, inputs + weights), rows: info.weight_sizes[2], columns: info.weight_sizes[3] };
    const dy = { values: sent, rows: info.output_sizes[1], columns: info.output_sizes[2] };
    return make("div", { class: "gradients" },
      make("div", { class: "place" }, ...this.outputPlanes(dy)),
      make("div", { class: "place" }, ...this.inputPlanes(dx)),
      make("div", { class: "place" }, ...this.weightPlanes(dw), this.biasLine(all.slice(inputs + weights))));
  }

  private figure(caption: string, plane: Plane): HTMLElement {
    return make("figure", {}, make("figcaption", { class: "gradient" }, caption), plane.element);
  }

  private fill(plane: Plane, numbers: Numbers, channel: number, what: string): void {
    const limit = largest(numbers.values);
    plane.fill((row, column) => {
      const value = numbers.values[(channel * numbers.rows + row) * numbers.columns + column];
      return { value, live: true, label: `${what}, row ${row}, column ${column}: ${short(value)}` };
    }, limit);
  }

  private outputPlanes(dy: Numbers): HTMLElement[] {
    const [k, p, q] = this.app.setup.at;
    const channels = span(this.app.info.output_sizes[0], k, k, mostPlanes);
    const figures: HTMLElement[] = [];
    for (let channel = channels.first; channel <= channels.last; ++channel) {
      const plane = new Plane(`dY, channel ${channel}`, "gradient", span(dy.rows, p, p, mostPlaces), span(dy.columns, q, q, mostPlaces), {
        pin: (row, column) => this.app.pin({ kind: "output", index: [channel, row, column] }),
        edit: (row, column, value) => {
          this.given[this.app.frameOf([channel, row, column])] = value;
          this.draw();
        },
      });
      this.fill(plane, dy, channel, "gradient of the output");
      if (channel === k) {
        plane.mark(p, q, "pinned");
      }
      figures.push(this.figure(`dY, channel ${channel}`, plane));
    }
    return figures;
  }

  private inputPlanes(dx: Numbers): HTMLElement[] {
    const { sum } = this.app;
    const taps = sum.terms.filter((term) => term.input_row !== undefined);
    const first = taps[0] ?? { input_row: 0, input_column: 0, channel: 0 };
    const channels = span(this.app.info.input_sizes[0], first.channel, first.channel, mostPlanes);
    const figures: HTMLElement[] = [];
    for (let channel = channels.first; channel <= channels.last; ++channel) {
      const plane = new Plane(`dX, channel ${channel}`, "gradient", span(dx.rows, first.input_row!, first.input_row!, mostPlaces), span(dx.columns, first.input_column!, first.input_column!, mostPlaces), {
        pin: (row, column) => this.app.pin({ kind: "input", index: [channel, row, column] }),
      });
      this.fill(plane, dx, channel, "gradient of the input");
      for (const term of taps) {
        if (term.channel === channel) {
          plane.mark(term.input_row!, term.input_column!, "tied", short(Number(term.w)));
        }
      }
      figures.push(this.figure(`dX, channel ${channel}`, plane));
    }
    return figures;
  }

  private weightPlanes(dw: Numbers): HTMLElement[] {
    const { sum, info } = this.app;
    const k = this.app.filter;
    const perGroup = info.in_channels / info.groups;
    const first = this.app.groupOfOutput(k) * perGroup;
    const figures: HTMLElement[] = [];
    for (let channel = first; channel < first + Math.min(perGroup, mostPlanes); ++channel) {
      const [a, b] = this.app.weightIndex(channel, k, 0, 0);
      const plane = new Plane(`dW, filter ${k}, channel ${channel}`, "gradient", span(dw.rows, 0, 0, 31), span(dw.columns, 0, 0, 31), {
        pin: (row, column) => this.app.pin({ kind: "weight", index: [a, b, row, column] }),
      });
      this.fill(plane, dw, a * info.weight_sizes[1] + b, "gradient of the weight");
      for (const term of sum.terms) {
        if (term.channel === channel && term.input_row !== undefined) {
          plane.mark(term.r, term.s, "tied", short(Number(term.x)));
        }
      }
      figures.push(this.figure(`dW, filter ${k}, channel ${channel}`, plane));
    }
    return figures;
  }

  private biasLine(db: Float64Array): HTMLElement {
    return make("p", {}, db.length === 0 ? "" : "db ", ...[...db].slice(0, 16).map((value, k) => make("span", { class: "gradient" }, `${k > 0 ? ", " : ""}${short(value)}`)),
      db.length > 16 ? ", \u2026" : "");
  }
}

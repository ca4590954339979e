// The three places that never move: input planes, filters, output planes. What is pointed at lights
// up everything that is tied to it.
import { type App, type Selection, type Triple } from "./app";
import { make } from "./dom";
import { counted, parseNumber, short } from "./numbers";
import { Plane, span, type PlaneCell, type Reading, type Span } from "./plane";

const mostChannels = 4;

/** Channels that are shown, and how many are left out before the last of them. */
function chosen(first: number, count: number, wanted: number): { shown: number[]; skipped: number } {
  if (count <= mostChannels) {
    return { shown: Array.from({ length: count }, (_, i) => first + i), skipped: 0 };
  }
  const around = span(count, wanted - first, wanted - first, mostChannels);
  return {
    shown: Array.from({ length: mostChannels }, (_, i) => first + around.first + i),
    skipped: count - mostChannels,
  };
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) {
    most = Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most;
  }
  return most || 1;
}

export class Stage {
  private inputs = new Map<number, Plane>();
  private slices = new Map<string, Plane>();
  private outputs = new Map<number, Plane>();
  private biases = new Map<number, HTMLInputElement>();
  private built = "";

  constructor(
    private readonly app: App,
    private readonly places: { input: HTMLElement; filter: HTMLElement; output: HTMLElement },
  ) {
    app.onChange((what) => {
      if (what === "layer") {
        this.built = "";
      }
      this.update();
    });
    matchMedia("(max-width: 40rem)").addEventListener("change", () => {
      this.built = "";
      this.update();
    });
    this.update();
  }

  // ---- what is shown

  private limit(): number {
    return matchMedia("(max-width: 40rem)").matches ? 9 : 14;
  }

  /** The places of an axis around the window of an output, as indices into places. */
  private inputSpan(axis: "rows" | "columns", output: number): Span {
    const size = this.app.info[axis];
    const first = size.places[0].at;
    const window = this.app.info.transposed
      ? output + size.pad_before - (size.kernel - 1) * size.dilation
      : output * size.stride - size.pad_before;
    return span(size.places.length, window - first, window - first + size.extent - 1, Math.max(this.limit(), size.extent));
  }

  private outputSpan(axis: "rows" | "columns", output: number): Span {
    return span(this.app.info[axis].output, output, output, this.limit());
  }

  /** Everything that decides which cells there are: it is built again only where that changes. */
  private key(): string {
    const { info, setup } = this.app;
    const [, p, q] = setup.at;
    return JSON.stringify([
      info.repr, info.input_sizes, this.inputSpan("rows", p), this.inputSpan("columns", q), this.outputSpan("rows", p),
      this.outputSpan("columns", q), this.inputChannels(), this.outputChannels(), this.app.filter,
    ]);
  }

  private inputChannels() {
    const { info } = this.app;
    const wanted = this.app.selection.kind === "input" ? this.app.selection.index[0] : 0;
    if (info.in_channels <= mostChannels || info.groups === 1) {
      return chosen(0, info.in_channels, wanted);
    }
    const perGroup = info.in_channels / info.groups;
    const first = this.app.groupOfOutput(this.app.filter) * perGroup;
    return chosen(first, perGroup, first);
  }

  private outputChannels() {
    return chosen(0, this.app.info.out_channels, this.app.setup.at[0]);
  }

  // ---- building

  private build(): void {
    const focus = document.activeElement instanceof HTMLElement ? document.activeElement.closest("[data-plane]") : null;
    const focusKey = focus?.getAttribute("data-plane");
    const { row, column } = (document.activeElement as HTMLElement | null)?.dataset ?? {};
    this.inputs.clear();
    this.slices.clear();
    this.outputs.clear();
    this.biases.clear();
    const { rows, columns } = this.app.info;
    this.places.input.classList.toggle("with-arcs", [...rows.places, ...columns.places].some((place) => place.kind === "border"));
    this.buildInputs();
    this.buildFilters();
    this.buildOutputs();
    if (focusKey) {
      const plane = document.querySelector<HTMLElement>(`[data-plane="${CSS.escape(focusKey)}"]`);
      const cell = plane?.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`) ?? plane?.querySelector<HTMLElement>("[tabindex='0']");
      cell?.focus({ preventScroll: true });
    }
  }

  private figure(key: string, caption: string, plane: Plane, group: number, extra: HTMLElement | null = null): HTMLElement {
    const grouped = this.app.info.groups > 1;
    return make(
      "figure",
      { class: grouped ? `grouped group-${group % 3}` : "", "data-plane": key },
      make("figcaption", {}, caption, grouped ? make("span", { class: "group-name" }, `group ${group}`) : null),
      plane.element,
      extra,
    );
  }

  private note(count: number, thing: string): HTMLElement | null {
    return count > 0 ? make("p", { class: "skipped" }, `\u2026 and ${counted(count, thing)} more`) : null;
  }

  private buildInputs(): void {
    const { shown, skipped } = this.inputChannels();
    const [, p, q] = this.app.setup.at;
    const figures = shown.map((channel) => {
      const plane = new Plane(`Input, channel ${channel}`, "input", this.inputSpan("rows", p), this.inputSpan("columns", q), {
        look: (row, column) => this.app.preview(this.inputSelection(channel, row, column)),
        pin: (row, column) => this.app.pin(this.inputSelection(channel, row, column)),
        leave: () => this.app.restore(),
        beyond: (row, column) => this.showInput(channel, row, column),
        edit: (row, column, value) => this.app.edit("input", this.app.inputAt(this.inputIndex(channel, row, column)), value),
      });
      this.inputs.set(channel, plane);
      return this.figure(`input-${channel}`, `input, channel ${channel}`, plane, this.app.groupOfInput(channel));
    });
    this.places.input.replaceChildren(...figures, ...[this.note(skipped, "channel")].filter((note) => note !== null));
  }

  private buildFilters(): void {
    const { info } = this.app;
    const k = this.app.filter;
    const perGroup = info.in_channels / info.groups;
    const { shown } = this.inputChannels();
    const first = this.app.groupOfOutput(k) * perGroup;
    const channels = shown.filter((channel) => channel >= first && channel < first + perGroup);
    const figures = channels.map((channel) => {
      const rows = { first: 0, last: info.rows.kernel - 1 };
      const columns = { first: 0, last: info.columns.kernel - 1 };
      const plane = new Plane(`Filter ${k}, slice for input channel ${channel}`, "weight", rows, columns, {
        look: (row, column) => this.app.preview(this.weightSelection(channel, row, column)),
        pin: (row, column) => this.app.pin(this.weightSelection(channel, row, column)),
        leave: () => this.app.restore(),
        edit: (row, column, value) => this.app.edit("weight", this.app.weightAt(this.weightIndex(channel, row, column)), value),
      });
      this.slices.set(String(channel), plane);
      return this.figure(`filter-${channel}`, `filter ${k}, channel ${channel}`, plane, this.app.groupOfOutput(k),
        make("p", { class: "partial", "data-channel": channel }));
    });
    const note = this.note(perGroup - channels.length, "slice");
    this.places.filter.replaceChildren(...figures, ...(note === null ? [] : [note]), this.biasField(k));
  }

  private biasField(k: number): HTMLElement {
    if (!this.app.info.bias) {
      return make("p", { class: "bias" }, "no bias");
    }
    const field = make("input", { type: "text", inputmode: "decimal", id: "bias", size: 5 });
    const problem = make("span", { class: "problem", role: "alert" });
    field.addEventListener("change", () => {
      const value = parseNumber(field.value);
      field.setAttribute("aria-invalid", String(value === null));
      problem.textContent = value === null ? `a bias is a number, but got '${field.value}'` : "";
      if (value === null) {
        return;
      }
      this.app.edit("bias", k, value);
    });
    this.biases.set(k, field);
    return make("p", { class: "bias" }, make("label", { for: "bias" }, `bias ${k}`), field, problem);
  }

  private buildOutputs(): void {
    const { shown, skipped } = this.outputChannels();
    const [, p, q] = this.app.setup.at;
    const figures = shown.map((channel) => {
      const plane = new Plane(`Output, channel ${channel}`, "output", this.outputSpan("rows", p), this.outputSpan("columns", q), {
        look: (row, column) => this.app.preview(this.outputSelection(channel, row, column)),
        pin: (row, column) => this.app.pin(this.outputSelection(channel, row, column)),
        leave: () => this.app.restore(),
        beyond: (row, column) => this.showOutput(channel, row, column),
      });
      this.outputs.set(channel, plane);
      return this.figure(`output-${channel}`, `output, channel ${channel}`, plane, this.app.groupOfOutput(channel));
    });
    this.places.output.replaceChildren(...figures, ...[this.note(skipped, "channel")].filter((note) => note !== null));
  }

  // ---- walking farther than what is shown

  /** Pins an output that is not shown, so that the planes move there, and puts the focus on it. */
  private showOutput(channel: number, row: number, column: number): void {
    const { rows, columns } = this.app.info;
    if (row >= 0 && row < rows.output && column >= 0 && column < columns.output) {
      this.app.pin(this.outputSelection(channel, row, column));
      this.outputs.get(channel)?.cell(row, column)?.focus();
    }
  }

  /** Pins the output whose window lies around a place of the input, and puts the focus on that. */
  private showInput(channel: number, row: number, column: number): void {
    const { rows, columns } = this.app.info;
    if (rows.places[row] !== undefined && columns.places[column] !== undefined) {
      this.app.pin(this.outputSelection(this.app.setup.at[0], this.outputAround("rows", row), this.outputAround("columns", column)));
      const cell = this.inputs.get(channel)?.cell(row, column);
      cell?.focus();
      if (cell?.dataset.live === "true") {
        this.app.preview(this.inputSelection(channel, row, column));
      }
    }
  }

  private outputAround(axis: "rows" | "columns", place: number): number {
    const { transposed, [axis]: size } = this.app.info;
    const first = size.places[place].at - Math.floor((size.extent - 1) / 2);
    const output = transposed ? first - size.pad_before + (size.kernel - 1) * size.dilation : Math.round((first + size.pad_before) / size.stride);
    return Math.max(0, Math.min(size.output - 1, output));
  }

  // ---- pointing

  private inputIndex(channel: number, row: number, column: number): Triple {
    const { rows, columns } = this.app.info;
    return [channel, rows.places[row].source, columns.places[column].source];
  }

  /** The tap that a cell of a slice shows: a transposed layer's filters are drawn as they act. */
  private tap(row: number, column: number): [number, number] {
    const { info } = this.app;
    return info.transposed ? [info.rows.kernel - 1 - row, info.columns.kernel - 1 - column] : [row, column];
  }

  private weightIndex(channel: number, row: number, column: number) {
    return this.app.weightIndex(channel, this.app.filter, ...this.tap(row, column));
  }

  private inputSelection(channel: number, row: number, column: number): Selection {
    return { kind: "input", index: this.inputIndex(channel, row, column) };
  }
  private weightSelection(channel: number, row: number, column: number): Selection {
    return { kind: "weight", index: this.weightIndex(channel, row, column) };
  }
  private outputSelection(channel: number, row: number, column: number): Selection {
    return { kind: "output", index: [channel, row, column] };
  }

  // ---- numbers and marks

  private update(): void {
    const key = this.key();
    if (key !== this.built) {
      this.built = key;
      this.build();
    }
    // How many cells there are would be the answer.
    this.places.output.classList.toggle("predicting", this.app.predicting);
    this.fill();
    this.markAll();
  }

  private inputCell(channel: number, row: number, column: number): PlaneCell {
    const { info, values } = this.app;
    const vertical = info.rows.places[row];
    const horizontal = info.columns.places[column];
    const read = vertical.source >= 0 && horizontal.source >= 0;
    const value = read ? values.input[this.app.inputAt([channel, vertical.source, horizontal.source])] : 0;
    const kinds = [vertical.kind, horizontal.kind];
    const classes = kinds.includes("padding") ? ["padding"] : kinds.includes("gap") ? ["gap"] : kinds.includes("border") ? ["border"] : [];
    if (vertical.unread || horizontal.unread) {
      classes.push("unread");
    }
    const where = classes.includes("padding")
      ? "padding"
      : classes.includes("gap")
        ? "a zero between two inputs"
        : `row ${vertical.source}, column ${horizontal.source}${classes.includes("border") ? ", read through the border" : ""}`;
    return { value, classes, live: read, label: `${where}: ${short(value)}${classes.includes("unread") ? ", never read" : ""}` };
  }

  private fill(): void {
    const { values, frame } = this.app;
    const inputLimit = largest(values.input);
    for (const [channel, plane] of this.inputs) {
      plane.fill((row, column) => this.inputCell(channel, row, column), inputLimit);
    }
    const weightLimit = largest(values.weight);
    for (const [channel, plane] of this.slices) {
      plane.fill((row, column) => {
        const index = this.weightIndex(Number(channel), row, column);
        const value = values.weight[this.app.weightAt(index)];
        return { value, live: true, label: `weight ${index.join(", ")}: ${short(value)}` };
      }, weightLimit);
    }
    for (const [k, field] of this.biases) {
      if (document.activeElement !== field) {
        field.value = short(values.bias[k]);
      }
    }
    const outputLimit = largest(values.output);
    for (const [channel, plane] of this.outputs) {
      plane.fill((row, column) => {
        const at = this.app.frameOf([channel, row, column]);
        const there = (frame === null || at <= frame) && !this.app.predicting;
        const value = there ? values.output[at] : null;
        return { value, live: true, label: `row ${row}, column ${column}: ${there ? short(values.output[at]) : "not computed yet"}` };
      }, outputLimit);
    }
  }

  private markAll(): void {
    for (const plane of [...this.inputs.values(), ...this.slices.values(), ...this.outputs.values()]) {
      plane.clearMarks();
      plane.arcs([], []);
    }
    const { selection } = this.app;
    if (selection.kind === "output") {
      this.markSum();
    } else {
      this.markLinks();
    }
    this.partials();
  }

  private place(axis: "rows" | "columns", at: number): number {
    return at - this.app.info[axis].places[0].at;
  }

  private markSum(): void {
    const { sum, info } = this.app;
    this.outputs.get(sum.output[0])?.mark(sum.output[1], sum.output[2], "pinned");
    this.drawArcs();
    for (const term of sum.terms) {
      const counts = term.input_row !== undefined;
      this.inputs.get(term.channel)?.mark(this.place("rows", term.row), this.place("columns", term.column), "tap", short(Number(term.w)));
      if (counts) {
        const [r, s] = info.transposed ? [info.rows.kernel - 1 - term.r, info.columns.kernel - 1 - term.s] : [term.r, term.s];
        this.slices.get(String(term.channel))?.mark(r, s, "tied");
      }
    }
  }

  /** From which row and column the window's places beyond the border are read. */
  private drawArcs(): void {
    const border = this.app.sum.terms.filter((term) => term.kind === "border");
    const rows = new Map(border.filter((term) => term.row !== term.input_row).map((term) => [term.row, term.input_row!]));
    const columns = new Map(border.filter((term) => term.column !== term.input_column).map((term) => [term.column, term.input_column!]));
    const readings = (axis: "rows" | "columns", read: Map<number, number>): Reading[] =>
      [...read].map(([to, from]) => ({ from: this.place(axis, from), to: this.place(axis, to) }));
    for (const channel of new Set(border.map((term) => term.channel))) {
      this.inputs.get(channel)?.arcs(readings("rows", rows), readings("columns", columns));
    }
  }

  private markLinks(): void {
    const { selection, links } = this.app;
    if (selection.kind === "input") {
      this.eachPlaceOf(selection.index, (row, column) => this.inputs.get(selection.index[0])?.mark(row, column, "pinned"));
    } else if (selection.kind === "weight") {
      this.markWeight(selection.index, "pinned");
    }
    for (const link of links) {
      const weight = short(this.app.values.weight[this.app.weightAt(link.weight)]);
      this.outputs.get(link.output[0])?.mark(link.output[1], link.output[2], "tied", selection.kind === "input" ? weight : "");
      if (selection.kind === "weight") {
        this.eachPlaceOf(link.input, (row, column) => this.inputs.get(link.input[0])?.mark(row, column, "tied"));
      } else {
        this.markWeight(link.weight, "tied");
      }
    }
  }

  /** Where an input element itself is drawn. */
  private eachPlaceOf([, row, column]: Triple, work: (row: number, column: number) => void): void {
    const { rows, columns } = this.app.info;
    const vertical = rows.places.findIndex((place) => place.kind === "input" && place.source === row);
    const horizontal = columns.places.findIndex((place) => place.kind === "input" && place.source === column);
    work(vertical, horizontal);
  }

  private markWeight([a, b, r, s]: readonly [number, number, number, number], kind: "pinned" | "tied"): void {
    const { info } = this.app;
    const k = this.app.filter;
    const group = this.app.groupOfOutput(k);
    const ofFilter = info.transposed ? b === k % (info.out_channels / info.groups) : a === k;
    const channel = info.transposed ? a : group * (info.in_channels / info.groups) + b;
    if (ofFilter) {
      const [row, column] = info.transposed ? [info.rows.kernel - 1 - r, info.columns.kernel - 1 - s] : [r, s];
      this.slices.get(String(channel))?.mark(row, column, kind);
    }
  }

  /** Under each slice, what its channel adds to the output that is looked at. */
  private partials(): void {
    const sums = new Map(this.app.sum.channels.map((channel) => [channel.channel, channel.sum]));
    for (const line of this.places.filter.querySelectorAll<HTMLElement>(".partial")) {
      const sum = sums.get(Number(line.dataset.channel));
      const known = sum !== undefined && !this.app.predicting && this.app.selection.kind === "output";
      line.textContent = known ? `adds ${short(Number(sum))}` : "\u00A0";
    }
  }
}

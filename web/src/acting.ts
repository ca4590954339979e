// Where an argument acts: pointing at one in the signature, or focusing it, marks what it decides.
import { type App } from "./app";

/** What an argument decides where its cells need not be computed. */
const places: Record<string, string> = {
  in_channels: "#inputs .plane",
  out_channels: "#outputs .plane",
  kernel_size: "#filters .plane",
  padding: "#inputs .padding, #inputs .border",
  padding_mode: "#inputs .padding, #inputs .border",
  dilation: "#inputs .tap",
  groups: "#stage .plane",
  bias: "#filters .bias",
};

export class Acting {
  private argument: string | null = null;

  constructor(
    private readonly app: App,
    signature: HTMLElement,
    private readonly stage: HTMLElement,
  ) {
    for (const event of ["pointerover", "focusin"]) {
      signature.addEventListener(event, ({ target }) => this.show(argumentAt(target)));
    }
    signature.addEventListener("pointerleave", () => this.show(argumentAt(document.activeElement)));
    signature.addEventListener("focusout", () => this.show(null));
    app.onChange(() => this.mark());
  }

  private show(argument: string | null): void {
    if (argument !== this.argument) {
      this.argument = argument;
      this.mark();
    }
  }

  private mark(): void {
    for (const element of this.stage.querySelectorAll(".acts")) {
      element.classList.remove("acts");
    }
    for (const element of this.decided()) {
      element.classList.add("acts");
    }
  }

  private decided(): Iterable<Element> {
    switch (this.argument) {
      case null:
        return [];
      case "stride":
        return this.app.info.transposed ? this.stage.querySelectorAll("#inputs .gap") : this.nextWindow();
      case "output_padding":
        return this.addedOutputs();
      default:
        return this.stage.querySelectorAll(places[this.argument]);
    }
  }

  /** The window of the next output: a stride away from the one that is shown. */
  private nextWindow(): Element[] {
    const { info, setup } = this.app;
    const [, p, q] = setup.at;
    const next = q + 1 < info.columns.output ? [p, q + 1] : p + 1 < info.rows.output ? [p + 1, q] : null;
    if (next === null) {
      return [];
    }
    const along = (axis: "rows" | "columns", output: number): number[] => {
      const { kernel, dilation, stride, pad_before, places } = info[axis];
      return Array.from({ length: kernel }, (_, tap) => output * stride + tap * dilation - pad_before - places[0].at);
    };
    const [rows, columns] = [along("rows", next[0]), along("columns", next[1])];
    return [...this.stage.querySelectorAll<HTMLElement>("#inputs [role=gridcell]")].filter(
      (cell) => rows.includes(Number(cell.dataset.row)) && columns.includes(Number(cell.dataset.column)));
  }

  /** Rows and columns that are there because of output_padding. */
  private addedOutputs(): Element[] {
    const { rows, columns, output_padding } = this.app.info;
    const [down, right] = output_padding ?? [0, 0];
    return [...this.stage.querySelectorAll<HTMLElement>("#outputs [role=gridcell]")].filter(
      (cell) => Number(cell.dataset.row) >= rows.output - down || Number(cell.dataset.column) >= columns.output - right);
  }
}

function argumentAt(target: EventTarget | null): string | null {
  return target instanceof Element ? target.closest<HTMLElement>(".argument")?.dataset.argument ?? null : null;
}

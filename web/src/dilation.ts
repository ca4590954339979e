// The three habits of writing a dilation, told where the argument is.
import { type App } from "./app";
import { make } from "./dom";
import { counted } from "./numbers";

/** "(2, 1)" or "2" */
function pair([rows, columns]: readonly number[]): string {
  return rows === columns ? String(rows) : `(${rows}, ${columns})`;
}

export function dilationHabits(dilation: readonly [number, number]): string {
  const gaps = dilation.map((steps) => steps - 1);
  const left = gaps[0] === gaps[1] ? `${gaps[0] === 0 ? "no place" : counted(gaps[0], "place")} left out between taps` : "places left out between taps";
  return `dilation ${pair(dilation)} in torch is ${pair(gaps)} in oneDNN and in CS231n: ${left}`;
}

/** Shown while the reader is at the argument, and wherever taps are apart. */
export class DilationNote {
  private readonly element = make("p", { class: "quiet", id: "dilation-habits" });

  constructor(
    private readonly app: App,
    private readonly signature: HTMLElement,
  ) {
    signature.after(this.element);
    app.onChange((what) => {
      if (what === "layer") {
        this.update();
      }
    });
    signature.addEventListener("focusin", () => this.update());
    this.update();
  }

  private update(): void {
    const { dilation, rows, columns } = this.app.info;
    const isAsked = this.signature.contains(document.activeElement) && document.activeElement?.id === "argument-dilation";
    this.element.hidden = !isAsked && dilation.every((steps) => steps === 1);
    this.element.textContent = `${dilationHabits(dilation)}; the window covers ${rows.extent} \u00D7 ${columns.extent}.`;
  }
}

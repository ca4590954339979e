// The same layer as figures: as matrices, with its gradients, with its cost. Drawn by the engine.
import { type App, refusal } from "./app";
import { fullEngine, viewNames, type Region, type View } from "./engine";
import { make } from "./dom";
import { FigureLinks } from "./figure-links";
import { Gradients } from "./gradient";

const titles: Record<View, [string, string]> = {
  slide: ["Figure", "The layer as a figure, for a slide or a page."],
  im2col: ["im2col", "Every window as a column: the layer is a product of two matrices."],
  matrix: ["Matrix", "The whole layer as one sparse matrix. A transposed convolution is its transpose."],
  gradient: ["Gradients", "Each output's gradient goes back along the products that made it."],
  cost: ["Cost", "Parameters, operations, bytes, and the algorithm that runs."],
};

export class Views {
  private readonly figure = make("div", { class: "figure", role: "tabpanel", id: "figure", tabindex: 0 });
  private readonly words = make("p", { class: "quiet" });
  private readonly tabs = new Map<View, HTMLButtonElement>();
  private readonly interactive = make("div");
  private readonly gradients: Gradients;
  private readonly links: FigureLinks;
  private scheduled = 0;
  /** The output that the figure looks at, and how far a walk has come. */
  private drawn = "";

  constructor(
    private readonly app: App,
    element: HTMLElement,
  ) {
    const list = make("div", { role: "tablist", "aria-label": "Views" });
    for (const view of viewNames) {
      const tab = make("button", { type: "button", role: "tab", id: `view-${view}`, "aria-controls": "figure", onclick: () => app.show(view) }, titles[view][0]);
      tab.addEventListener("keydown", (event) => this.onKey(event, view));
      this.tabs.set(view, tab);
      list.append(tab);
    }
    element.replaceChildren(make("h2", { id: "views-title" }, "The same, seen otherwise"), list, this.words, this.interactive, this.figure);
    this.gradients = new Gradients(app, this.interactive);
    this.links = new FigureLinks(app, this.figure);
    app.onChange((what) => {
      if (what === "view") {
        this.select();
      } else if (what === "mode") {
        this.draw();
      }
      if (what === "selection" && this.drawn === this.place()) {
        this.links.mark();
      } else {
        this.schedule();
      }
    });
    this.select();
    this.draw();
  }

  private onKey(event: KeyboardEvent, view: View): void {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by !== 0) {
      const next = viewNames[(viewNames.indexOf(view) + by + viewNames.length) % viewNames.length];
      this.app.show(next);
      this.tabs.get(next)?.focus();
      event.preventDefault();
    }
  }

  private place(): string {
    return JSON.stringify([this.app.setup.at, this.app.frame]);
  }

  /** Drawing waits until the pointer rests. */
  private schedule(): void {
    clearTimeout(this.scheduled);
    this.scheduled = window.setTimeout(() => this.draw(), 60);
  }

  private select(): void {
    const { view } = this.app.setup;
    for (const [name, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(name === view));
      tab.tabIndex = name === view ? 0 : -1;
    }
    this.figure.setAttribute("aria-labelledby", `view-${view}`);
    this.words.textContent = titles[view][1];
  }

  private draw(): void {
    this.select();
    this.links.show(null, []);
    this.drawn = this.place();
    const { view } = this.app.setup;
    if (this.app.predicting) {
      this.interactive.hidden = true;
      this.figure.textContent = "Hidden while you predict.";
      return;
    }
    this.interactive.hidden = view !== "gradient";
    if (view === "cost") {
      this.drawCost().catch((error: unknown) => this.say(`The engine with every algorithm did not load: ${error instanceof Error ? error.message : String(error)}`));
      return;
    }
    const sentence = refusal(() => this.drawNow(view));
    if (sentence !== null) {
      this.interactive.hidden = true;
      this.say(sentence);
    }
  }

  private drawNow(view: View): void {
    if (view === "gradient") {
      this.gradients.draw();
      this.figure.replaceChildren();
    } else {
      const { svg, regions } = this.app.engine.figure(view, this.app.theme, this.app.setup.at, this.app.frame !== null);
      this.show(svg, regions);
    }
  }

  private say(sentence: string): void {
    this.figure.replaceChildren(make("p", { class: "problem" }, sentence));
  }

  /** Which algorithm runs is only known to the engine that has them all. */
  private async drawCost(): Promise<void> {
    const { setup, theme } = this.app;
    const engine = await fullEngine();
    if (this.app.setup.view === "cost" && this.app.setup.layer === setup.layer) {
      engine.open(setup.layer, setup.input, setup.seed);
      this.show(engine.svg("cost", theme, setup.at, false));
    }
  }

  private show(svg: string, regions: Region[] = []): void {
    // What the engine writes is its own, with every text in it escaped.
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
    const figure = document.importNode(parsed.documentElement, true) as unknown as SVGSVGElement;
    this.figure.replaceChildren(figure);
    this.links.show(figure, regions);
  }
}

// A figure whose cells are the stage's: pointing at one shows its element there, and what the stage
// looks at is marked here as often as the figure draws it.
import { type App, type Selection, type Triple } from "./app";
import { type Region } from "./engine";

/** The indices of a row-major element. */
function indexOf(element: number, sizes: readonly number[]): number[] {
  const index: number[] = [];
  for (const size of [...sizes].reverse()) {
    index.unshift(element % size);
    element = Math.floor(element / size);
  }
  return index;
}

export class FigureLinks {
  private svg: SVGSVGElement | null = null;
  private regions: Region[] = [];
  private under: Region | null = null;

  constructor(
    private readonly app: App,
    element: HTMLElement,
  ) {
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") {
        this.point(this.regionAt(event));
      }
    });
    element.addEventListener("pointerleave", () => this.point(null));
    element.addEventListener("click", (event) => {
      const region = this.regionAt(event);
      if (region !== null) {
        app.pin(this.selectionOf(region));
      }
    });
  }

  /** Another figure took the place of the last; nothing: none did. */
  show(svg: SVGSVGElement | null, regions: Region[]): void {
    this.svg = svg;
    this.regions = regions;
    this.under = null;
    this.mark();
  }

  /** Marks what is looked at, and the outputs that it is in. */
  mark(): void {
    this.svg?.querySelector(".links")?.remove();
    if (this.svg === null || this.regions.length === 0) {
      return;
    }
    const links = document.createElementNS("http://www.w3.org/2000/svg", "g");
    links.setAttribute("class", "links");
    const own = this.keyOf(this.app.selection);
    const tied = new Set(this.app.links.map((link) => `output ${this.app.frameOf(link.output)}`));
    for (const region of this.regions) {
      const key = `${region.kind} ${region.element}`;
      if (key === own || tied.has(key)) {
        links.append(this.outline(region, key === own ? "own" : "tied"));
      }
    }
    this.svg.append(links);
  }

  private outline({ left, top, width, height, kind }: Region, how: string): SVGElement {
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: left, y: top, width, height, class: `${how} ${kind}` })) {
      rect.setAttribute(name, String(value));
    }
    return rect;
  }

  private point(region: Region | null): void {
    if (region === this.under) {
      return;
    }
    this.under = region;
    this.svg?.classList.toggle("pointed", region !== null);
    if (region === null) {
      this.app.restore();
    } else {
      this.app.preview(this.selectionOf(region));
    }
  }

  private regionAt(event: MouseEvent): Region | null {
    const toFigure = this.svg?.getScreenCTM()?.inverse();
    if (toFigure === undefined) {
      return null;
    }
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(toFigure);
    return this.regions.find((region) => x >= region.left && x < region.left + region.width && y >= region.top && y < region.top + region.height) ?? null;
  }

  private selectionOf({ kind, element }: Region): Selection {
    const { input_sizes, weight_sizes, output_sizes } = this.app.info;
    switch (kind) {
      case "input":
        return { kind, index: indexOf(element, input_sizes) as Triple };
      case "weight":
        return { kind, index: indexOf(element, weight_sizes) as [number, number, number, number] };
      case "output":
        return { kind, index: indexOf(element, output_sizes) as Triple };
    }
  }

  private keyOf(selection: Selection): string {
    const element = selection.kind === "output" ? this.app.frameOf(selection.index)
      : selection.kind === "input" ? this.app.inputAt(selection.index) : this.app.weightAt(selection.index);
    return `${selection.kind} ${element}`;
  }
}

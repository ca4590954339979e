// The picture and the layer's outputs as pictures, with the scale they share.
import { make } from "./dom";
import type { Result, ShownPlane } from "./messages";
import { grouped, short } from "./numbers";
import { divergingTable, greyTable, type Scale } from "./palette";

export type PixelPick = (at: [number, number, number]) => void;

interface Frame {
  figure: HTMLElement;
  canvas: HTMLCanvasElement;
  button: HTMLButtonElement;
  caption: HTMLElement;
  mark: HTMLElement;
}

function draw(canvas: HTMLCanvasElement, pixels: Uint8ClampedArray, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")!.putImageData(new ImageData(pixels, width, height), 0, 0);
}

export class Gallery {
  readonly element = make("div", { class: "gallery" });
  readonly legend = make("p", { class: "legend" });
  private readonly input = make("canvas", { width: 1, height: 1, role: "img" });
  private readonly inputCaption = make("figcaption");
  private readonly together = make("canvas", { width: 1, height: 1, role: "img", "aria-label": "The three outputs as one picture in colour" });
  private readonly togetherFigure = make("figure", { hidden: true }, make("figcaption", {}, "the three together"), this.together);
  private frames: Frame[] = [];
  private result: Result | null = null;
  private at: [number, number, number] = [0, 0, 0];
  private picked = false;

  constructor(private readonly pick: PixelPick) {
    this.element.append(make("figure", { class: "of-input" }, this.inputCaption, this.input), this.togetherFigure);
  }

  showInput(preview: ImageData, name: string, width: number, height: number): void {
    draw(this.input, preview.data, preview.width, preview.height);
    const size = `${grouped(height)} \u00D7 ${grouped(width)}`;
    this.input.setAttribute("aria-label", `The picture: ${name}, ${size} pixels`);
    this.inputCaption.replaceChildren(name, make("span", { class: "quiet" }, size));
  }

  show(result: Result): void {
    this.result = result;
    while (this.frames.length > result.planes.length) {
      this.frames.pop()!.figure.remove();
    }
    while (this.frames.length < result.planes.length) {
      this.addFrame(this.frames.length);
    }
    this.element.classList.toggle("many", result.planes.length > 16);
    this.at = [Math.min(this.at[0], result.sizes[0] - 1), Math.min(this.at[1], result.sizes[1] - 1), Math.min(this.at[2], result.sizes[2] - 1)];
    this.paint(result.planes);
    if (this.picked) {
      this.mark(this.at);
    }
  }

  paint(planes: ShownPlane[]): void {
    const { rows, columns, sizes } = this.result!;
    planes.forEach((plane, k) => {
      const { canvas, caption, button } = this.frames[k];
      draw(canvas, plane.pixels, columns, rows);
      const range = `${short(plane.least)} \u2026 ${short(plane.greatest)}`;
      caption.replaceChildren(`output ${k}`, make("span", { class: "quiet" }, range));
      button.setAttribute("aria-label", `Output channel ${k}, ${sizes[1]} by ${sizes[2]}, values from ${short(plane.least)} to ${short(plane.greatest)}. Arrow keys choose a pixel, Enter shows its sum.`);
    });
  }

  /** Three outputs that are red, green and blue of a picture, seen as one. */
  showTogether(planes: ShownPlane[] | null): void {
    this.togetherFigure.hidden = planes === null;
    if (planes !== null) {
      const { rows, columns } = this.result!;
      const pixels = new Uint8ClampedArray(4 * rows * columns);
      for (let i = 0; i < pixels.length; i += 4) {
        pixels[i] = planes[0].pixels[i];
        pixels[i + 1] = planes[1].pixels[i];
        pixels[i + 2] = planes[2].pixels[i];
        pixels[i + 3] = 255;
      }
      draw(this.together, pixels, columns, rows);
    }
  }

  // ---- one output

  private addFrame(k: number): void {
    const canvas = make("canvas", { width: 1, height: 1 });
    const mark = make("span", { class: "mark", hidden: true });
    const caption = make("figcaption");
    const button = make("button", { type: "button", class: "picture" }, canvas, mark);
    button.addEventListener("click", (event) => this.onClick(k, canvas, event));
    button.addEventListener("keydown", (event) => this.onKey(k, event));
    const figure = make("figure", {}, caption, button);
    this.frames.push({ figure, canvas, button, caption, mark });
    this.element.append(figure);
  }

  private onClick(k: number, canvas: HTMLCanvasElement, event: MouseEvent): void {
    const [, rows, columns] = this.result!.sizes;
    if (event.detail === 0) {
      this.choose([k, this.at[1], this.at[2]]);
      return;
    }
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    this.choose([k, Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column))]);
  }

  private onKey(k: number, event: KeyboardEvent): void {
    const step = event.shiftKey ? 10 : 1;
    const [down, right] = ({ ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] } as Record<string, [number, number]>)[event.key] ?? [0, 0];
    if (down === 0 && right === 0) {
      return;
    }
    event.preventDefault();
    const [, rows, columns] = this.result!.sizes;
    this.choose([k, Math.max(0, Math.min(rows - 1, this.at[1] + down)), Math.max(0, Math.min(columns - 1, this.at[2] + right))]);
  }

  private choose(at: [number, number, number]): void {
    this.picked = true;
    this.mark(at);
    this.frames[at[0]].button.scrollIntoView({ block: "nearest" });
    this.pick(at);
  }

  /** Marks the pixel that is looked at, in every output. */
  private mark(at: [number, number, number]): void {
    this.at = at;
    const [, rows, columns] = this.result!.sizes;
    for (const [k, { mark }] of this.frames.entries()) {
      mark.hidden = false;
      mark.classList.toggle("chosen", k === at[0]);
      mark.style.left = `${(100 * (at[2] + 0.5)) / columns}%`;
      mark.style.top = `${(100 * (at[1] + 0.5)) / rows}%`;
    }
  }

  get chosen(): [number, number, number] {
    return this.at;
  }

  // ---- the scale

  showLegend(scale: Scale, limit: number, theme: "light" | "dark"): void {
    const table = scale === "picture" ? greyTable() : divergingTable(theme);
    const words = scale === "positive" ? table.slice(255) : table;
    const ramp = make("canvas", { "aria-hidden": "true" });
    draw(ramp, new Uint8ClampedArray(words.buffer), words.length, 1);
    const ends = scale === "signed" ? [`${short(-limit)} and below`, `${short(limit)} and above`] : scale === "positive" ? ["0 and below", `${short(limit)} and above`] : ["0 and below", `${short(limit)} and above`];
    const middle = scale === "signed" ? "0 in the middle; all outputs share this scale" : "all outputs share this scale";
    const { shrink = 1 } = this.result ?? {};
    const note = shrink > 1 ? ` One pixel here is the mean of ${shrink} \u00D7 ${shrink}; numbers below are those of the full size.` : "";
    this.legend.replaceChildren(make("span", {}, ends[0]), ramp, make("span", {}, ends[1]), make("span", { class: "quiet" }, middle + "." + note));
  }
}

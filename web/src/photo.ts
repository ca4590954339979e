// "On a picture": a whole photograph through a layer, and any pixel of the result number by number.
import type { App } from "./app";
import { announce, make } from "./dom";
import { Gallery } from "./gallery";
import { Inspector } from "./inspector";
import { LayerChoice } from "./layer-choice";
import type { FromWorker, Painting, Result, ShownPlane, ToWorker } from "./messages";
import { counted, grouped } from "./numbers";
import type { Scale } from "./palette";
import { PictureChoice } from "./picture-choice";
import type { Job } from "./pixels";

export class Photo {
  private readonly worker = new Worker("worker.js", { type: "module" });
  private readonly pictures: PictureChoice;
  private readonly layers: LayerChoice;
  private readonly gallery = new Gallery((at) => this.send({ type: "inspect", at }));
  private readonly inspector: Inspector;
  private readonly scale = make("select", { id: "photo-scale", onchange: () => this.repaint() },
    ...[["signed", "below and above zero"], ["positive", "above zero alone"], ["picture", "as a picture, black to white"]].map(([value, text]) => make("option", { value }, text)));
  private readonly progress = make("progress", { max: 1, value: 0, "aria-label": "How much of the picture is done" });
  private readonly working = make("p", { class: "working", hidden: true }, this.progress, make("button", { type: "button", onclick: () => this.cancel() }, "Cancel"));
  private readonly said = make("p", { class: "quiet" });
  private readonly problem = make("p", { class: "problem", role: "alert" });
  private pictureName = "";
  private openedName = "";
  private open = false;
  private waiting = 0;
  private job: Job | null = null;
  private inspected = false;

  constructor(
    private readonly app: App,
    section: HTMLElement,
  ) {
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.take(data));
    this.worker.addEventListener("error", () => this.tellProblem("The part of this page that computes pictures did not start."));
    this.pictures = new PictureChoice(section, {
      open: (source, name) => {
        this.openedName = name;
        this.problem.textContent = "";
        this.send({ type: "picture", source }, source.kind === "frame" ? [source.bitmap] : []);
        this.run();
      },
      problem: (sentence) => this.tellProblem(sentence),
    });
    this.layers = new LayerChoice(app, () => this.run(), (sentence) => this.tellProblem(sentence));
    this.inspector = new Inspector(app);
    const scale = make("span", { class: "field" }, make("label", { for: "photo-scale" }, "values shown"), this.scale);
    section.append(this.pictures.element, this.layers.element, make("div", { class: "choices" }, scale, this.gallery.legend), this.working, this.problem, this.said, make("div", {}, this.gallery.element, this.inspector.element));
    this.followApp();
    this.pictures.sample("astronaut");
  }

  private followApp(): void {
    let later = 0;
    this.app.onChange((what) => {
      if (what === "theme") {
        this.repaint();
      } else if (what === "layer" || what === "values") {
        clearTimeout(later);
        later = window.setTimeout(() => this.layers.stageChanged(), 200);
      }
    });
  }

  private send(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private painting(): Painting {
    return { scale: this.scale.value as Scale, theme: this.app.theme };
  }

  private run(): void {
    const job: Job | null = this.layers?.job() ?? null;
    if (job !== null) {
      this.problem.textContent = "";
      this.send({ type: "run", job, painting: this.painting() });
      this.showProgressLater();
    }
  }

  private repaint(): void {
    this.send({ type: "paint", painting: this.painting() });
  }

  private cancel(): void {
    this.send({ type: "cancel" });
    this.said.textContent = "Cancelled; the last result stays.";
    announce("Cancelled.");
  }

  /** What is quick shows no progress. */
  private showProgressLater(): void {
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => {
      this.progress.removeAttribute("value");
      this.working.hidden = false;
    }, 150);
  }

  // ---- what the worker says

  private take(message: FromWorker): void {
    switch (message.type) {
      case "picture":
        this.open = true;
        this.pictureName = this.openedName;
        this.pictures.opened();
        this.gallery.showInput(message.preview, this.pictureName, message.width, message.height);
        break;
      case "progress":
        this.progress.value = message.done / message.all;
        break;
      case "result":
        this.showResult(message);
        break;
      case "painted":
        this.gallery.paint(message.planes);
        this.showScale(message.planes, message.limit);
        break;
      case "inspection":
        this.inspected = true;
        this.inspector.show(message);
        break;
      case "problem":
        this.tellProblem(message.sentence);
        break;
      case "idle":
        clearTimeout(this.waiting);
        this.working.hidden = true;
        void this.pictures.nextFrame();
    }
  }

  private showResult(result: Result): void {
    this.job = result.job;
    this.gallery.show(result);
    this.showScale(result.planes, result.limit);
    const [outputs, rows, columns] = result.sizes;
    const pixels = `${grouped(rows)} \u00D7 ${grouped(columns)}`;
    const sentence = `${this.layers.name} on ${this.pictureName}: ${counted(outputs, "output")} of ${pixels}, in ${grouped(Math.max(1, Math.round(result.milliseconds)))} ms.`;
    this.said.textContent = sentence;
    if (!this.pictures.live) {
      announce(sentence);
      if (this.inspected) {
        this.send({ type: "inspect", at: this.gallery.chosen });
      }
    }
  }

  private showScale(planes: ShownPlane[], limit: number): void {
    const { scale, theme } = this.painting();
    this.gallery.showLegend(scale, limit, theme);
    const colours = scale === "picture" && planes.length === 3 && this.job?.groups === 3;
    this.gallery.showTogether(colours ? planes : null);
  }

  private tellProblem(sentence: string): void {
    this.problem.textContent = this.open ? `${sentence} The last picture stays.` : sentence;
  }
}

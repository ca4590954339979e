// Walking through the outputs: play, step, scrub, speed.
import { type App } from "./app";
import { make } from "./dom";

const speeds = [0.5, 1, 2, 4];

export class Player {
  private timer = 0;
  private speed = 1;
  private readonly play = make("button", { type: "button", id: "play", onclick: () => this.toggle() }, "Play");
  private readonly slider = make("input", { type: "range", id: "scrub", min: 0, step: 1, "aria-label": "Output" });
  private readonly where = make("output", { for: "scrub", class: "where" });

  constructor(
    private readonly app: App,
    private readonly element: HTMLElement,
  ) {
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    const speed = make("select", { id: "speed", "aria-label": "Speed", onchange: () => { this.speed = Number(speed.value); if (this.timer !== 0) { this.start(); } } },
      ...speeds.map((value) => make("option", { value }, `${value}\u00D7`)));
    speed.value = "1";
    element.replaceChildren(
      make("button", { type: "button", id: "back", "aria-label": "One output back", onclick: () => this.step(-1) }, "\u2039"),
      this.play,
      make("button", { type: "button", id: "on", "aria-label": "One output on", onclick: () => this.step(1) }, "\u203A"),
      this.slider, this.where, speed,
      make("button", { type: "button", id: "all", onclick: () => this.showAll() }, "Show all"),
    );
    app.onChange((what) => {
      if (what === "layer") {
        this.stop();
      }
      this.update();
    });
    this.update();
  }

  get playing(): boolean {
    return this.timer !== 0;
  }

  private update(): void {
    const at = this.app.frameOf(this.app.setup.at);
    this.slider.max = String(this.app.frames - 1);
    this.slider.value = String(at);
    const frames = this.app.predicting ? "?" : this.app.frames;
    this.where.textContent = `${at + 1} of ${frames}`;
    this.slider.setAttribute("aria-valuetext", `output ${this.app.setup.at.join(", ")}, ${at + 1} of ${frames}`);
  }

  private go(frame: number): void {
    this.app.frame = frame;
    this.app.pin({ kind: "output", index: this.app.outputOf(frame) });
  }

  step(by: number): void {
    this.stop();
    this.go(Math.max(0, Math.min(this.app.frames - 1, this.app.frameOf(this.app.setup.at) + by)));
  }

  toggle(): void {
    if (this.timer === 0) {
      this.start();
    } else {
      this.stop();
    }
  }

  start(): void {
    clearInterval(this.timer);
    this.play.textContent = "Pause";
    this.timer = window.setInterval(() => {
      const at = this.app.frame === null ? -1 : this.app.frameOf(this.app.setup.at);
      this.go((at + 1) % this.app.frames);
    }, 900 / this.speed);
  }

  /** Walks once over all outputs, until the reader does something: points at the layer, or presses anything. */
  demonstrate(stage: HTMLElement): void {
    const heard = new AbortController();
    const { signal } = heard;
    const end = () => {
      heard.abort();
      this.showAll();
    };
    const interrupt = ({ target }: Event) => {
      // The player's own buttons do what they say.
      if (target instanceof Node && this.element.contains(target)) {
        heard.abort();
      } else {
        end();
      }
    };
    addEventListener("pointerdown", interrupt, { signal, capture: true });
    addEventListener("keydown", interrupt, { signal, capture: true });
    stage.addEventListener("pointerenter", end, { signal });
    this.app.onChange(() => {
      if (!signal.aborted && this.app.frame === this.app.frames - 1) {
        window.setTimeout(() => signal.aborted || end(), 900);
        clearInterval(this.timer);
      }
    });
    this.start();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "Play";
  }

  showAll(): void {
    this.stop();
    this.app.frame = null;
    this.app.tell("values");
  }
}

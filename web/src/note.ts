// A note beside the stage: what a card or an answer shows there, and the way back to it.
import { type App, type Setup } from "./app";
import { make } from "./dom";
import { restPointer } from "./pointer";

export class Note {
  private from: HTMLElement | null = null;
  private opening = false;

  constructor(
    private readonly app: App,
    private readonly element: HTMLElement,
  ) {
    // What it says is about the layer that it opened.
    app.onChange((what) => {
      if (what === "layer" && !this.opening) {
        element.hidden = true;
      }
    });
  }

  /** Opens a layer and says something about it, with the numbers that it has. */
  async show(setup: Setup, title: string, words: (app: App) => string | Promise<string>, back: string, from: HTMLElement): Promise<string> {
    this.from = from;
    this.app.mark("tour", null);
    this.app.predicting = false;
    this.app.frame = null;
    this.opening = true;
    this.app.open(setup);
    this.opening = false;
    const heading = make("p", { class: "note-title", tabindex: -1 }, title);
    const text = make("p", { role: "status" });
    this.element.replaceChildren(heading, text, make("p", { class: "row" },
      make("button", { type: "button", onclick: () => this.back() }, back),
      make("button", { type: "button", onclick: () => this.close() }, "Close")));
    this.element.hidden = false;
    restPointer();
    this.element.scrollIntoView({ block: "start" });
    heading.focus({ preventScroll: true });
    const sentence = await Promise.resolve(words(this.app)).catch(() => "Its numbers could not be loaded.");
    text.textContent = sentence;
    return sentence;
  }

  private back(): void {
    this.from?.focus({ preventScroll: true });
    this.from?.scrollIntoView({ block: "center" });
  }

  private close(): void {
    this.element.hidden = true;
    document.getElementById("stage")?.focus();
  }
}

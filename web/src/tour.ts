// The guided tour: a step opens a layer on the stage, asks, and watches what is done there.
import { type App, type Selection, type What } from "./app";
import { byId, make } from "./dom";
import { recall, remember } from "./memory";
import { restPointer } from "./pointer";
import { type Deed, type Step, steps } from "./steps";

interface Progress {
  step: number;
  solved: number[];
}

function isProgress(given: unknown): given is Progress {
  const progress = given as Progress | null;
  return Number.isInteger(progress?.step) && progress!.step >= 0 && progress!.step < steps.length && Array.isArray(progress!.solved);
}

export class Tour {
  private progress: Progress = recall("tour", isProgress) ?? { step: 0, solved: [] };
  private running = false;
  private opening = false;
  /** Since the step was opened; it may have been done before. */
  private answered = false;
  private pinned: Selection;
  private frame: number | null = null;
  private readonly heading = make("h2", { id: "tour-title", tabindex: -1 });
  private readonly told = make("p");
  private readonly asked = make("p", { class: "ask" });
  /** What stays in sight on small screens. */
  private readonly box = make("div", { class: "ask-box" });
  private readonly said = make("p", { class: "tour-said", role: "status" });
  private readonly dots = make("ol", { class: "dots", "aria-label": "Steps of the tour" });
  private readonly buttons = make("p", { class: "row" });

  constructor(
    private readonly app: App,
    private readonly element: HTMLElement,
  ) {
    this.pinned = app.pinned;
    app.onChange((what) => this.watch(what));
    document.addEventListener("keydown", (event) => this.onKey(event));
    byId("to-tour").addEventListener("click", (event) => {
      event.preventDefault();
      this.go(this.progress.step);
    });
    this.render();
  }

  /**
   * What an address says: a step, counted from 1, on the layer of the address, or on its own where
   * there is none; no step where it says none.
   */
  follow(step: number | null, onLayer: boolean): void {
    if (step === null || step < 1 || step > steps.length) {
      this.app.mark("tour", null);
    } else if (onLayer) {
      this.progress.step = step - 1;
      this.begin();
    } else {
      this.go(step - 1);
    }
  }

  // ---- walking

  private get step(): Step {
    return steps[this.progress.step];
  }

  private get isSolved(): boolean {
    return this.progress.solved.includes(this.progress.step);
  }

  private go(step: number): void {
    this.progress.step = Math.max(0, Math.min(steps.length - 1, step));
    this.app.predicting = false;
    this.app.frame = null;
    this.opening = true;
    this.app.open(this.step.setup());
    this.opening = false;
    this.begin();
    restPointer();
    this.heading.scrollIntoView({ block: "nearest" });
    this.heading.focus({ preventScroll: true });
  }

  /** The step, on the layer that is open. */
  private begin(): void {
    this.answered = false;
    this.app.mark("tour", String(this.progress.step + 1));
    this.running = true;
    remember("tour", this.progress);
    this.render();
  }

  private finish(): void {
    this.progress.step = 0;
    remember("tour", this.progress);
    this.leave();
  }

  private leave(): void {
    this.app.mark("tour", null);
    this.buttons.querySelector("button")?.focus();
  }

  // ---- watching

  private deed(what: What): Deed | null {
    const pinnedBefore = this.pinned;
    // The player pins what it walks over, which answers nothing.
    const walked = this.frame !== this.app.frame;
    this.pinned = this.app.pinned;
    this.frame = this.app.frame;
    if (what === "layer" || what === "values") {
      return what;
    }
    return what === "selection" && pinnedBefore !== this.pinned && !walked ? "pinned" : null;
  }

  private watch(what: What): void {
    // Others take the mark away when they need the stage.
    if (what === "address" && this.running && !this.app.marks.has("tour")) {
      this.running = false;
      this.render();
    }
    const deed = this.deed(what);
    if (deed === null || !this.running || this.opening || this.answered) {
      return;
    }
    const verdict = this.step.check(this.app, deed);
    if (verdict === true) {
      this.answered = true;
      this.progress.solved = [...new Set([...this.progress.solved, this.progress.step])];
      remember("tour", this.progress);
      this.say(`\u2713 Right. ${this.step.shown(this.app)}`, true);
      this.renderControls();
    } else if (verdict !== null) {
      this.say(`Not yet. ${verdict}`, false);
    }
  }

  private say(sentence: string, isRight: boolean): void {
    this.said.textContent = sentence;
    this.said.classList.toggle("right", isRight);
  }

  /** Escape on the layer leads back to the tour. */
  private onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.key === "Escape" && this.running && !this.element.contains(target) && target.closest("#stage, #signature") !== null) {
      this.heading.focus();
    }
  }

  // ---- showing

  private render(): void {
    this.element.classList.toggle("running", this.running);
    if (this.running) {
      this.renderStep();
    } else {
      this.renderInvitation();
    }
  }

  private renderInvitation(): void {
    const all = this.progress.solved.length === steps.length;
    const begun = !all && (this.progress.solved.length > 0 || this.progress.step > 0);
    const name = all ? "Take the tour again" : begun ? `Go on with the tour, step ${this.step.number}` : "Start the tour";
    this.heading.textContent = "Tour";
    this.buttons.replaceChildren(
      make("button", { type: "button", id: "tour-start", onclick: () => this.go(this.progress.step) }, name),
      make("span", { class: "quiet" }, "ten short steps, from one weight to gradients, each to be done and not only read"));
    this.element.replaceChildren(this.heading, this.buttons);
  }

  private renderStep(): void {
    this.heading.textContent = `${this.step.number} of 10: ${this.step.title}`;
    this.told.textContent = this.step.tell(this.app);
    this.asked.textContent = this.step.ask(this.app);
    this.say(this.isSolved ? "\u2713 You have done this one; do it again if you like." : "", this.isSolved);
    this.renderControls();
    this.box.replaceChildren(this.asked, this.said, this.buttons);
    this.element.replaceChildren(this.heading, this.told, this.box, this.dots);
  }

  private renderControls(): void {
    const { step } = this.progress;
    const last = step === steps.length - 1;
    const focused = document.activeElement?.id;
    const button = (id: string, name: string, onclick: () => void, disabled = false) => make("button", { type: "button", id, disabled, onclick }, name);
    this.buttons.replaceChildren(
      button("tour-back", "Back", () => this.go(step - 1), step === 0),
      button("tour-next", last ? "Finish" : this.isSolved ? "Next" : "Skip", () => (last ? this.finish() : this.go(step + 1))),
      button("tour-there", `To the ${this.step.where}`, () => this.goThere()),
      button("tour-leave", "Leave", () => this.leave()));
    this.buttons.querySelector("#tour-next")!.classList.toggle("ready", this.isSolved);
    this.dots.replaceChildren(...steps.map((each, i) => this.dot(each, i)));
    if (focused?.startsWith("tour-")) {
      document.getElementById(focused)?.focus();
    }
  }

  private dot(step: Step, i: number): HTMLElement {
    const done = this.progress.solved.includes(i);
    return make("li", {},
      make("button", { type: "button", id: `tour-dot-${i}`, class: done ? "done" : "", "aria-current": i === this.progress.step ? "step" : null, "aria-label": `Step ${step.number}, ${step.title}${done ? ", done" : ""}`, title: step.title, onclick: () => this.go(i) }, done ? "\u2713" : step.number));
  }

  private goThere(): void {
    const within = document.getElementById(this.step.where);
    const place = within?.querySelector<HTMLElement>(this.step.where === "signature" ? "#argument-kernel_size" : "[role=gridcell][tabindex='0']");
    place?.focus();
    if (this.said.textContent === "") {
      this.say("Escape leads back here.", false);
    }
  }
}

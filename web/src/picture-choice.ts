// Which picture: a sample, a file (chosen, dropped or pasted), or the webcam.
import { make } from "./dom";
import type { Source } from "./messages";
import { samples, type SampleName } from "./samples";
import { Webcam } from "./webcam";

export interface PictureEvents {
  open(source: Source, name: string): void;
  problem(sentence: string): void;
}

export class PictureChoice {
  readonly element: HTMLElement;
  private readonly buttons = new Map<SampleName, HTMLButtonElement>();
  private readonly webcam: Webcam;
  private opening: SampleName | null = null;
  private readonly camera = make("button", { type: "button", "aria-pressed": "false", onclick: () => void this.toggleCamera() }, "Webcam");
  private readonly file = make("input", { type: "file", id: "photo-file", accept: "image/*", class: "hidden", onchange: () => this.takeChosen() });

  constructor(
    private readonly section: HTMLElement,
    private readonly events: PictureEvents,
  ) {
    for (const { name, title } of samples) {
      this.buttons.set(name, make("button", { type: "button", "aria-pressed": "false", onclick: () => this.sample(name) }, title));
    }
    this.element = make(
      "fieldset",
      { class: "choices" },
      make("legend", {}, "The picture"),
      ...this.buttons.values(),
      this.file,
      make("label", { for: "photo-file", class: "button" }, "Your own \u2026"),
      this.camera,
      make("span", { class: "quiet" }, "or drop one here, or paste it. It stays in this browser."),
    );
    this.webcam = new Webcam(section, () => this.camera.setAttribute("aria-pressed", "false"));
    this.listenForDrops();
    document.addEventListener("paste", (event) => this.takePasted(event));
  }

  sample(name: SampleName): void {
    this.webcam.stop();
    this.opening = name;
    this.events.open({ kind: "sample", name }, samples.find((sample) => sample.name === name)!.title);
  }

  /** What was to be opened is: its button shows it. */
  opened(): void {
    for (const [each, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(each === this.opening));
    }
  }

  // ---- files

  private take(file: File): void {
    this.webcam.stop();
    if (file.size > 0 && file.type !== "" && !file.type.startsWith("image/")) {
      this.events.problem(`${file.name} is no picture but ${file.type}.`);
      return;
    }
    this.opening = null;
    this.events.open({ kind: "file", blob: file, name: file.name }, file.name);
  }

  private takeChosen(): void {
    const [file] = this.file.files ?? [];
    if (file !== undefined) {
      this.take(file);
    }
    this.file.value = "";
  }

  private takePasted(event: ClipboardEvent): void {
    const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
    if (file !== undefined) {
      event.preventDefault();
      this.take(file);
    }
  }

  private listenForDrops(): void {
    const over = (event: DragEvent, on: boolean) => {
      if (event.dataTransfer?.types.includes("Files")) {
        event.preventDefault();
        this.section.classList.toggle("dropping", on);
      }
    };
    this.section.addEventListener("dragover", (event) => over(event, true));
    this.section.addEventListener("dragleave", (event) => over(event, false));
    this.section.addEventListener("drop", (event) => {
      over(event, false);
      const [file] = event.dataTransfer?.files ?? [];
      if (file !== undefined) {
        this.take(file);
      }
    });
  }

  // ---- the webcam

  private async toggleCamera(): Promise<void> {
    if (this.webcam.on) {
      this.webcam.stop();
      return;
    }
    const sentence = await this.webcam.start();
    if (sentence !== null) {
      this.events.problem(sentence);
      return;
    }
    this.opening = null;
    this.camera.setAttribute("aria-pressed", "true");
    await this.nextFrame();
  }

  /** The next frame, if the webcam is on: call it when the last one is done. */
  async nextFrame(): Promise<void> {
    if (this.webcam.on) {
      try {
        this.events.open({ kind: "frame", bitmap: await this.webcam.frame() }, "the webcam");
      } catch {
        this.webcam.stop();
      }
    }
  }

  get live(): boolean {
    return this.webcam.on;
  }
}

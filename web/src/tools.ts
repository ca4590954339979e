// Copy, export, predict, and start anew.
import { type App, type What } from "./app";
import { make } from "./dom";
import { EngineError } from "./engine";
import { toHash } from "./link";
import { toCommand, toCpp, toPython } from "./code";
import { counted, short } from "./numbers";
import { saveGif, savePng, saveText } from "./export";

export class Tools {
  private readonly said = make("span", { class: "said", role: "status" });

  constructor(
    private readonly app: App,
    element: HTMLElement,
  ) {
    const copy = make("select", { id: "copy", "aria-label": "Copy as", onchange: () => { void this.copy(copy.value); copy.value = ""; } },
      ...[["", "Copy as \u2026"], ["link", "Link to this"], ["python", "PyTorch"], ["cpp", "C++"], ["command", "Command line"]].map(([value, name]) => make("option", { value }, name)));
    const save = make("select", { id: "save", "aria-label": "Save figure as", onchange: () => { void this.trySave(save.value); save.value = ""; } },
      ...[["", "Save figure \u2026"], ["svg", "SVG"], ["png", "PNG"], ["gif", "GIF, step by step"], ["html", "Page, step by step"]].map(([value, name]) => make("option", { value }, name)));
    const numbers = make("button", { type: "button", id: "numbers", onclick: () => this.otherNumbers() }, "Other numbers");
    const predict = make("button", { type: "button", id: "predict", "aria-pressed": "false", onclick: () => { app.predicting = !app.predicting; app.tell("mode"); } }, "Predict");
    app.onChange(() => predict.setAttribute("aria-pressed", String(app.predicting)));
    const flip = make("button", { type: "button", id: "flip", "aria-pressed": "false", onclick: () => this.flip() });
    const showFlip = (what?: What) => {
      this.said.textContent = what === "layer" ? "" : this.said.textContent;
      flip.textContent = app.info.transposed ? "Flip kernels" : "Flip kernels (true convolution)";
      flip.setAttribute("aria-pressed", String(app.setup.flipped));
    };
    app.onChange(showFlip);
    showFlip();
    element.replaceChildren(predict, numbers, flip, copy, save, this.said);
  }

  /** Turns the kernels, and says what that changed. */
  private flip(): void {
    const before = this.app.values.output;
    this.app.flip();
    const { values, setup, info } = this.app;
    const changed = values.output.filter((value, at) => value !== before[at]).length;
    const at = this.app.frameOf(setup.at);
    const turned = setup.flipped ? "Every kernel is turned by 180\u00B0" : "The kernels are as they were";
    // A transposed layer lays its kernel down unturned, which is a true convolution.
    const name = setup.flipped === info.transposed ? "cross-correlation, as torch's Conv2d" : "true convolution, as in mathematics";
    const outputs = this.app.predicting ? "" : ` ${changed} of ${counted(before.length, "output")} changed; output[${setup.at.join(", ")}] was ${short(before[at])} and is ${short(values.output[at])}.`;
    this.said.textContent = `${turned}: ${name}.${outputs}`;
  }

  private otherNumbers(): void {
    const { setup } = this.app;
    this.app.open({ ...setup, seed: setup.seed + 1, edits: { input: new Map(), weight: new Map(), bias: new Map() } });
  }

  private async copy(as: string): Promise<void> {
    const { setup, info } = this.app;
    const text = as === "link" ? location.href.replace(/#.*/, "") + toHash(setup) : as === "python" ? toPython(this.app) : as === "cpp" ? toCpp(info) : as === "command" ? toCommand(this.app) : "";
    if (text === "") {
      return;
    }
    try {
      await navigator.clipboard.writeText(text);
      this.said.textContent = `copied: ${text.split("\n")[0]}`;
    } catch {
      this.said.textContent = text;
    }
  }

  private async trySave(as: string): Promise<void> {
    try {
      await this.save(as);
    } catch (error) {
      if (!(error instanceof EngineError)) {
        throw error;
      }
      this.said.textContent = error.message;
    }
  }

  private async save(as: string): Promise<void> {
    const { engine, setup, theme } = this.app;
    this.said.textContent = "";
    if (as === "svg") {
      saveText("conv2d.svg", "image/svg+xml", engine.svg(setup.view, theme, setup.at, this.app.frame !== null));
    } else if (as === "html") {
      saveText("conv2d.html", "text/html", engine.html(setup.view, theme));
    } else if (as === "png") {
      await savePng(engine.svg(setup.view, theme, setup.at, this.app.frame !== null));
    } else if (as === "gif") {
      await saveGif(this.app, (done, all) => { this.said.textContent = `drawing frame ${done} of ${all}`; });
      this.said.textContent = "";
    }
  }
}

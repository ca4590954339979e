// Predict before you see: the outputs are hidden until the reader has said how many there will be.
import { type App } from "./app";
import { make } from "./dom";
import { formula } from "./numbers";

export class Predict {
  private readonly form = make("form", { class: "predict", id: "prediction" });
  private readonly answer = make("p", { role: "status" });

  constructor(
    private readonly app: App,
    after: HTMLElement,
  ) {
    const fields = ["channels", "rows", "columns"].map((name) =>
      make("input", { id: `predict-${name}`, type: "text", inputmode: "numeric", size: 3, "aria-label": `Predicted ${name} of the output` }));
    this.form.append(
      make("p", {}, "What will the output's channels, rows and columns be?"),
      fields[0], " \u00D7 ", fields[1], " \u00D7 ", fields[2], " ",
      make("button", { type: "submit" }, "Check"), " ",
      make("button", { type: "button", onclick: () => this.reveal("") }, "Reveal"),
      this.answer,
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check(fields.map((field) => field.value.trim()));
    });
    after.after(this.form);
    app.onChange(() => this.update());
    this.update();
  }

  private update(): void {
    const hidden = !this.app.predicting;
    if (this.form.hidden !== hidden) {
      this.form.hidden = hidden;
      this.answer.textContent = "";
    }
  }

  private check(given: string[]): void {
    if (given.some((text) => !/^\d+$/.test(text))) {
      this.answer.textContent = `Three whole numbers, please; got ${given.map((text) => (text === "" ? "nothing" : `'${text}'`)).join(", ")}.`;
      return;
    }
    const { info } = this.app;
    const right = info.output_sizes.map((size, i) => Number(given[i]) === size);
    if (right.every(Boolean)) {
      this.reveal(`Right: ${info.output_sizes.join(" \u00D7 ")}.`);
      return;
    }
    const names = ["channels", "rows", "columns"].filter((_, i) => !right[i]);
    const hint = right[0] ? `rows: ${formula(info.rows.formula)}`.replace(/= \d+$/, "= ?") : "out_channels is the number of filters";
    this.answer.textContent = `Not yet: look again at the ${names.join(" and the ")}. A hint: ${hint}.`;
  }

  private reveal(sentence: string): void {
    this.app.predicting = false;
    this.app.tell("mode");
    if (sentence !== "") {
      this.form.hidden = false;
      this.answer.textContent = sentence;
      setTimeout(() => (this.form.hidden = !this.app.predicting), 4000);
    }
  }
}

// The quiz: one question at a time, with a hint, an explanation and a score for the session.
import { type App } from "./app";
import { make } from "./dom";
import { recall, remember } from "./memory";
import { type Note } from "./note";
import { grouped, parseNumber, short } from "./numbers";
import { Plane } from "./plane";
import { isRight, layerLine, questionOf, type Question } from "./questions";

interface Score {
  right: number;
  answered: number;
}

function isScore(given: unknown): given is Score {
  const score = given as Score | null;
  return Number.isInteger(score?.right) && Number.isInteger(score?.answered);
}

const mostNumber = 999_999;

export class Quiz {
  private score: Score = recall("quiz", isScore) ?? { right: 0, answered: 0 };
  private number = 0;
  private question: Question;
  /** What to type into, in the order of the answer. */
  private fields: HTMLInputElement[] = [];
  private readonly marked = new Set<number>();
  /** Only the first try counts. */
  private tried = false;
  private readonly title = make("h3", { tabindex: -1, id: "quiz-number" });
  private readonly body = make("div", { class: "question" });
  private readonly said = make("p", { role: "status", class: "quiz-said" });
  private readonly tally = make("span", { class: "quiet" });
  private readonly form = make("form", { id: "quiz", "aria-labelledby": "quiz-title", novalidate: true });
  private readonly see = make("button", { type: "button", id: "quiz-see", onclick: () => this.show() }, "See it on the layer");

  constructor(
    private readonly app: App,
    private readonly note: Note,
    element: HTMLElement,
  ) {
    this.question = questionOf(app, this.number);
    this.form.append(this.title, this.body, this.said, this.buttons());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    element.append(make("h2", { id: "quiz-title" }, "Questions"), make("p", { class: "quiet" }, "About layers drawn by chance; the engine knows the answers."), this.form);
    this.render();
  }

  private buttons(): HTMLElement {
    const button = (id: string, name: string, onclick: () => void) => make("button", { type: "button", id, onclick }, name);
    return make("p", { class: "row" },
      make("button", { type: "submit", id: "quiz-check" }, "Check"),
      button("quiz-hint", "Hint", () => this.say(this.question.hint, false)),
      button("quiz-reveal", "Show the answer", () => this.reveal("")),
      this.see,
      button("quiz-next", "Next question", () => this.go(this.number + 1)),
      button("quiz-other", "Another, by chance", () => this.go(Math.floor(Math.random() * mostNumber))),
      this.tally);
  }

  /** What an address says: a question, or none in particular. */
  follow(number: number | null): void {
    if (number === null) {
      this.app.mark("quiz", null);
    } else {
      this.ask(number);
    }
  }

  private ask(number: number): void {
    this.number = number % (mostNumber + 1);
    this.question = questionOf(this.app, this.number);
    this.app.mark("quiz", String(this.number));
    this.render();
  }

  private go(number: number): void {
    this.ask(number);
    this.title.focus({ preventScroll: true });
    this.title.scrollIntoView({ block: "nearest" });
  }

  // ---- showing

  private render(): void {
    this.tried = false;
    this.marked.clear();
    this.say("", false);
    this.see.hidden = true;
    this.title.textContent = `Question ${this.number}`;
    const layer = layerLine(this.question);
    const parts = [
      layer === "" ? null : make("p", {}, make("code", {}, layer)),
      make("p", {}, this.question.text),
      this.question.numbers ? this.planes() : null,
      this.inputs(),
    ];
    this.body.replaceChildren(...parts.filter((part) => part !== null));
    this.showScore();
  }

  private inputs(): HTMLElement | null {
    this.fields = this.question.fields.map((name) =>
      make("input", { type: "text", inputmode: "decimal", size: 7, autocomplete: "off", id: `quiz-${name}` }));
    return this.fields.length === 0
      ? null
      : make("p", { class: "row" }, ...this.question.fields.map((name, i) => make("label", {}, `${name} `, this.fields[i])));
  }

  /** The numbers that the question is about: input and filter; inputs can be marked where that is asked. */
  private planes(): HTMLElement {
    const { input, weight, info } = this.app.aside(this.question.setup, ({ values, info: shown }) => ({ ...values, info: shown }));
    const [, rows, columns] = info.input_sizes;
    const marking = this.question.fields.length === 0;
    const inputs = this.plane("Input of the question", "input", rows, columns, input, marking);
    const filter = this.plane("Filter of the question", "weight", info.rows.kernel, info.columns.kernel, weight, false);
    return make("div", { class: "planes" }, this.figure("input", inputs), this.figure("filter", filter));
  }

  private figure(caption: string, plane: Plane): HTMLElement {
    return make("figure", {}, make("figcaption", {}, caption), plane.element);
  }

  private plane(name: string, role: "input" | "weight", rows: number, columns: number, values: Float64Array, marking: boolean): Plane {
    const plane: Plane = new Plane(name, role, { first: 0, last: rows - 1 }, { first: 0, last: columns - 1 }, {
      pin: (row, column) => this.toggle(plane, row * columns + column, columns),
    });
    plane.fill((row, column) => {
      const value = values[row * columns + column];
      return { value, live: marking, label: `row ${row}, column ${column}: ${short(value)}` };
    }, Math.max(1, ...values.map(Math.abs)));
    if (marking) {
      plane.element.setAttribute("aria-multiselectable", "true");
    }
    return plane;
  }

  private toggle(plane: Plane, at: number, columns: number): void {
    if (!this.marked.delete(at)) {
      this.marked.add(at);
    }
    plane.clearMarks();
    for (const each of this.marked) {
      plane.mark(Math.floor(each / columns), each % columns, "pinned");
    }
  }

  private say(sentence: string, isGood: boolean): void {
    this.said.textContent = sentence;
    this.said.classList.toggle("right", isGood);
  }

  private showScore(): void {
    const { right, answered } = this.score;
    this.tally.textContent = answered === 0 ? "" : `${right} of ${answered} right at the first try`;
  }

  // ---- answering

  private given(): number[] | null {
    if (this.fields.length === 0) {
      return [...this.marked].sort((a, b) => a - b);
    }
    const numbers = this.fields.map((field) => parseNumber(field.value.replaceAll(",", "")));
    this.fields.forEach((field, i) => field.setAttribute("aria-invalid", String(numbers[i] === null)));
    return numbers.every((number) => number !== null) ? (numbers as number[]) : null;
  }

  private check(): void {
    const given = this.given();
    if (given === null || (this.fields.length === 0 && given.length === 0)) {
      this.say(this.fields.length === 0 ? "Mark inputs with a click, or with Enter, first." : "Every field takes a number.", false);
      this.fields.find((field) => field.getAttribute("aria-invalid") === "true")?.focus();
      return;
    }
    const right = isRight(this.question, given);
    this.count(right);
    if (right) {
      this.reveal("\u2713 Right. ");
    } else {
      this.say(`Not yet${this.nearly(given)}. ${this.question.hint}`, false);
    }
  }

  /** What of the answer was right already. */
  private nearly(given: number[]): string {
    const { answer, fields } = this.question;
    if (fields.length === 0) {
      const good = given.filter((at) => answer.includes(at)).length;
      return `: ${good} of the ${given.length} that you marked ${good === 1 ? "is" : "are"} read, of ${answer.length} in all`;
    }
    const good = fields.filter((_, i) => given[i] === answer[i]);
    return good.length === 0 || fields.length === 1 ? "" : `, but ${good.join(" and ")} ${good.length === 1 ? "is" : "are"} right`;
  }

  private count(right: boolean): void {
    if (!this.tried) {
      this.tried = true;
      this.score = { right: this.score.right + (right ? 1 : 0), answered: this.score.answered + 1 };
      remember("quiz", this.score);
      this.showScore();
    }
  }

  /** An answer that was shown is not one that was given. */
  private reveal(before: string): void {
    this.count(false);
    const { answer, fields, explanation } = this.question;
    const said = before !== "" || fields.length === 0 ? "" : `${fields.map((name, i) => `${name} ${grouped(answer[i])}`).join(", ")}. `;
    this.say(`${before}${said}${explanation}`, before !== "");
    this.see.hidden = false;
  }

  private show(): void {
    void this.note.show(this.question.setup, `Question ${this.number}`, () => this.question.explanation, "Back to the question", this.see);
  }
}

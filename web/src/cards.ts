// Cards: a claim that many believe, and a layer that shows otherwise.
import { type App } from "./app";
import { make } from "./dom";
import { fullEngine } from "./engine";
import { mistakes, type Mistake } from "./mistakes";
import { type Note } from "./note";

export class Cards {
  constructor(
    private readonly app: App,
    private readonly note: Note,
    element: HTMLElement,
  ) {
    element.replaceChildren(
      make("h2", { id: "cards-title" }, "Mistakes that many make"),
      make("p", { class: "quiet" }, "Each of these is wrong. What do you think is right? Then see it on the layer above."),
      make("ul", { class: "cards" }, ...mistakes.map((mistake) => this.card(mistake))));
  }

  private card(mistake: Mistake): HTMLElement {
    const why = make("p", { class: "why", hidden: true });
    const button = make("button", { type: "button", id: `card-${mistake.id}`, "aria-describedby": `claim-${mistake.id}`, onclick: () => void this.show(mistake, button, why) }, "See why not");
    return make("li", {}, make("p", { class: "claim", id: `claim-${mistake.id}` }, mistake.claim), why, button);
  }

  private async show(mistake: Mistake, button: HTMLElement, why: HTMLElement): Promise<void> {
    button.textContent = "See it again";
    const words = (app: App) => mistake.why(app, fullEngine);
    why.textContent = await this.note.show(mistake.setup(this.app), `\u201C${mistake.claim}\u201D Not so:`, words, "Back to the mistakes", button);
    why.hidden = false;
  }
}

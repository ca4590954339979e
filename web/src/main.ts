import { Acting } from "./acting";
import { App, refusal, setupOf, type Setup } from "./app";
import { Cards } from "./cards";
import { DilationNote } from "./dilation";
import { byId, reducedMotion } from "./dom";
import { Engine } from "./engine";
import { fromHash, numberIn, toHash } from "./link";
import { Note } from "./note";
import { Player } from "./player";
import { Predict } from "./predict";
import { Quiz } from "./quiz";
import { Signature } from "./signature";
import { Stage } from "./stage";
import { SumLine } from "./sum";
import { Tools } from "./tools";
import { Tour } from "./tour";
import { Views } from "./views";

const first: Setup = setupOf("Conv2d(3, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))", [3, 5, 5]);

/** Light or dark as the system has it, unless the reader chose. */
function chooseTheme(app: App): void {
  const button = byId<HTMLButtonElement>("theme");
  const apply = (dark: boolean) => {
    app.theme = dark ? "dark" : "light";
    document.documentElement.dataset.theme = app.theme;
    button.setAttribute("aria-pressed", String(dark));
    app.tell("theme");
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", () => apply(system.matches));
  button.addEventListener("click", () => apply(app.theme === "light"));
  apply(system.matches);
}

function refuseLink(sentence: string | null): void {
  if (sentence !== null) {
    byId("signature-problem").textContent = `the link shows what cannot be: ${sentence}`;
  }
}

const namesLayer = (address: string): boolean => address.startsWith("#layer=");

/** Writes what is shown into the address, and shows what others write there. */
function followAddress(app: App, tour: Tour, quiz: Quiz): void {
  let written = location.hash;
  app.onChange((what) => {
    if (what === "theme" || what === "mode") {
      return;
    }
    written = toHash(app.setup, app.marks);
    history.replaceState(null, "", written);
  });
  addEventListener("hashchange", () => {
    const address = location.hash;
    if (address === written) {
      return;
    }
    if (!/^#(layer|tour|quiz)=/.test(address)) {
      // A part of the page, where the reader is now; what is shown remains what it was.
      if (written !== "") {
        history.replaceState(null, "", written);
      }
      return;
    }
    if (namesLayer(address)) {
      const setup = fromHash(address, app.setup);
      refuseLink(refusal(() => app.open(setup)));
    }
    tour.follow(numberIn(address, "tour"), namesLayer(address));
    quiz.follow(numberIn(address, "quiz"));
  });
}

/** The layer of the address; where the engine refuses that, the first one, and why. */
function open(engine: Engine): App {
  const wanted = namesLayer(location.hash) ? fromHash(location.hash, first) : first;
  let app: App | null = null;
  const sentence = refusal(() => {
    app = new App(engine, wanted);
  });
  if (app === null) {
    app = new App(engine, first);
    queueMicrotask(() => refuseLink(sentence));
  }
  return app;
}

/** The tour, the mistakes and the questions; the tour and a question where the address says. */
function teach(app: App): { tour: Tour; quiz: Quiz } {
  const address = location.hash;
  new DilationNote(app, byId("signature"));
  const tour = new Tour(app, byId("tour"));
  const note = new Note(app, byId("note"));
  new Cards(app, note, byId("cards"));
  const quiz = new Quiz(app, note, byId("cards"));
  tour.follow(numberIn(address, "tour"), namesLayer(address));
  quiz.follow(numberIn(address, "quiz"));
  return { tour, quiz };
}

/** Pictures load their part of the page, and a worker, only when the reader wants them. */
function openPhotoOnDemand(app: App): void {
  const button = byId<HTMLButtonElement>("open-photo");
  const open = async () => {
    button.disabled = true;
    try {
      const { Photo } = await import("./photo");
      new Photo(app, byId("photo"));
      button.remove();
      byId("photo").querySelector("button")?.focus();
    } catch {
      button.disabled = false;
      button.textContent = "That did not load; try again";
    }
  };
  button.addEventListener("click", () => void open());
  byId("to-photo").addEventListener("click", () => button.click());
}

async function main(): Promise<void> {
  const engine = await Engine.load(fetch("lens.wasm"));
  const app = open(engine);
  new Signature(app, byId("signature"));
  new Stage(app, { input: byId("inputs"), filter: byId("filters"), output: byId("outputs") });
  new Acting(app, byId("signature"), byId("stage"));
  const player = new Player(app, byId("player"));
  new Predict(app, byId("player"));
  new SumLine(app, byId("sum"));
  new Tools(app, byId("tools"));
  new Views(app, byId("views"));
  const { tour, quiz } = teach(app);
  followAddress(app, tour, quiz);
  chooseTheme(app);
  openPhotoOnDemand(app);
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && (event.key === "[" || event.key === "]")) {
      player.step(event.key === "]" ? 1 : -1);
    }
  });
  document.documentElement.dataset.ready = "true";
  if (location.hash === "" && !reducedMotion()) {
    player.demonstrate(byId("stage"));
  }
}

main().catch((error: unknown) => {
  byId("live").textContent = "";
  byId("lead").textContent = `The engine did not start: ${error instanceof Error ? error.message : String(error)}`;
});

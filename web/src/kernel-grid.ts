// A kernel as a small grid of numbers.
import type { Filter } from "./engine";
import { make } from "./dom";
import { short } from "./numbers";

/** What all values are a whole number of parts of; 1 where that is no small number. */
export function denominatorOf(values: readonly number[]): number {
  return [1, 9, 16, 256].find((parts) => values.every((value) => Math.abs(value * parts - Math.round(value * parts)) < 1e-5)) ?? 1;
}

export function kernelGrid(filter: Filter): HTMLElement {
  const parts = denominatorOf(filter.values);
  const numbers = filter.values.map((value) => (parts === 1 ? value : Math.round(value * parts)));
  const most = Math.max(...numbers.map(Math.abs)) || 1;
  const label = `${filter.rows} by ${filter.columns}: ${numbers.map(short).join(" ")}${parts === 1 ? "" : `, divided by ${parts}`}`;
  const grid = make("span", { class: `kernel${filter.columns > 3 ? " wide" : ""}` });
  grid.style.setProperty("--columns", String(filter.columns));
  for (const number of numbers) {
    const cell = make("span", { class: number < 0 ? "negative" : "" }, short(number));
    cell.style.setProperty("--t", `${Math.round((100 * Math.abs(number)) / most)}%`);
    grid.append(cell);
  }
  return make("span", { role: "img", "aria-label": label }, grid, parts === 1 ? null : make("span", { class: "quiet" }, `\u00F7 ${parts}`));
}

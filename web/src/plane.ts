// A plane of numbers as a grid that a mouse, a finger, a keyboard and a screen reader can walk.
import { announce, make } from "./dom";
import { parseNumber, short } from "./numbers";
import { pointerRests } from "./pointer";

export interface PlaneCell {
  /** Nothing: an output that is not there yet. */
  value: number | null;
  /** padding, border (read from elsewhere), gap (a zero between inputs), unread */
  classes?: string[];
  label: string;
  /** Whether it can be pointed at. */
  live: boolean;
}

export interface PlaneEvents {
  look?(row: number, column: number): void;
  pin?(row: number, column: number): void;
  leave?(): void;
  /** The keyboard leads to a cell that is not shown. */
  beyond?(row: number, column: number): void;
  edit?(row: number, column: number, value: number): void;
}

/** The part of an axis that is shown: indices first..last of it. */
export interface Span {
  first: number;
  last: number;
}

/** At most `limit` of 0..count-1, with from..to in the middle where they fit. */
export function span(count: number, from: number, to: number, limit: number): Span {
  if (count <= limit) {
    return { first: 0, last: count - 1 };
  }
  const wanted = from - Math.floor((limit - (to - from + 1)) / 2);
  const first = Math.max(0, Math.min(wanted, count - limit));
  return { first, last: first + limit - 1 };
}

/** A place beyond the border, and the one whose values it has. */
export interface Reading {
  from: number;
  to: number;
}

const distance = ({ from, to }: Reading): number => Math.abs(to - from);

/** An arrow from (x0, y0) to (x1, y1), bent through (bendX, bendY) as its control point. */
function arc(x0: number, y0: number, bendX: number, bendY: number, x1: number, y1: number): SVGElement {
  const length = Math.hypot(x1 - bendX, y1 - bendY) || 1;
  const [backX, backY] = [((x1 - bendX) / length) * 6, ((y1 - bendY) / length) * 6];
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", `M${x0} ${y0}Q${bendX} ${bendY} ${x1} ${y1}M${x1 - backX - backY / 2} ${y1 - backY + backX / 2}L${x1} ${y1}L${x1 - backX + backY / 2} ${y1 - backY - backX / 2}`);
  return path;
}

export class Plane {
  readonly element: HTMLElement;
  private readonly cells = new Map<string, HTMLElement>();
  private focused: HTMLElement | null = null;

  constructor(
    name: string,
    readonly role: "input" | "weight" | "output" | "gradient",
    readonly rows: Span,
    readonly columns: Span,
    private readonly events: PlaneEvents = {},
  ) {
    this.element = make("div", { class: `plane ${role}`, role: "grid", "aria-label": name });
    this.element.style.setProperty("--columns", String(columns.last - columns.first + 1));
    for (let row = rows.first; row <= rows.last; ++row) {
      const line = make("div", { role: "row" });
      for (let column = columns.first; column <= columns.last; ++column) {
        line.append(this.makeCell(row, column));
      }
      this.element.append(line);
    }
    const first = this.element.querySelector<HTMLElement>("[role=gridcell]");
    if (first !== null) {
      first.tabIndex = 0;
      this.focused = first;
    }
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("pointerleave", () => this.events.leave?.());
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      // Not where the cell itself is gone: then the stage sets the focus again.
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget)) {
        this.events.leave?.();
      }
    });
  }

  private makeCell(row: number, column: number): HTMLElement {
    const cell = make("div", { role: "gridcell", tabindex: -1, "data-row": row, "data-column": column });
    cell.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && cell.dataset.live === "true" && !pointerRests()) {
        this.events.look?.(row, column);
      }
    });
    cell.addEventListener("click", () => {
      this.focus(cell);
      if (cell.dataset.live === "true") {
        this.events.pin?.(row, column);
      }
    });
    cell.addEventListener("dblclick", () => this.startEdit(cell, null));
    cell.addEventListener("focus", () => this.focus(cell));
    this.cells.set(`${row},${column}`, cell);
    return cell;
  }

  cell(row: number, column: number): HTMLElement | undefined {
    return this.cells.get(`${row},${column}`);
  }

  /** Numbers and grounds; the ground of `limit` is the full colour. */
  fill(at: (row: number, column: number) => PlaneCell, limit: number): void {
    for (const cell of this.cells.values()) {
      const shown = at(Number(cell.dataset.row), Number(cell.dataset.column));
      cell.className = (shown.classes ?? []).join(" ");
      cell.dataset.live = String(shown.live);
      cell.setAttribute("aria-label", shown.label);
      cell.textContent = shown.value === null ? "" : short(shown.value);
      const t = shown.value === null || !Number.isFinite(shown.value) ? 0 : Math.max(-1, Math.min(1, shown.value / limit));
      cell.style.setProperty("--t", `${Math.round(Math.abs(t) * 100)}%`);
      cell.classList.toggle("negative", t < 0);
      cell.classList.toggle("strange", shown.value !== null && !Number.isFinite(shown.value));
      cell.classList.toggle("long", (cell.textContent ?? "").length > 4);
    }
  }

  clearMarks(): void {
    for (const cell of this.cells.values()) {
      cell.classList.remove("pinned", "tied", "tap", "latest");
      cell.removeAttribute("data-corner");
      cell.removeAttribute("aria-selected");
    }
  }

  mark(row: number, column: number, kind: "pinned" | "tied" | "tap" | "latest", corner = ""): void {
    const cell = this.cell(row, column);
    if (cell !== undefined) {
      cell.classList.add(kind);
      if (kind === "pinned") {
        cell.setAttribute("aria-selected", "true");
      }
      if (corner !== "") {
        cell.dataset.corner = corner;
      }
    }
  }

  /** Arcs along the edges: which row each row beyond the border is read from, and which column. */
  arcs(rows: Reading[], columns: Reading[]): void {
    this.element.querySelector("svg")?.remove();
    const shown = (list: Reading[], { first, last }: Span) => list.filter((reading) => Math.min(reading.from, reading.to) >= first && Math.max(reading.from, reading.to) <= last);
    const parts = [
      ...this.arcsAlong(shown(columns, this.columns), (column) => this.middle(this.rows.first, column)[0], (along, across) => [along, across]),
      ...this.arcsAlong(shown(rows, this.rows), (row) => this.middle(row, this.columns.first)[1], (along, across) => [across, along]),
    ];
    if (parts.length > 0) {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", "arcs");
      svg.setAttribute("aria-hidden", "true");
      svg.append(...parts);
      this.element.append(svg);
    }
  }

  /** The farther, the higher, so that arcs around the same edge lie inside one another. */
  private arcsAlong(readings: Reading[], along: (index: number) => number, point: (along: number, across: number) => [number, number]): SVGElement[] {
    const farthest = Math.max(1, ...readings.map(distance));
    const top = Math.min(15, 6 + 2.5 * farthest);
    return readings.map((reading) => {
      const [from, to] = [along(reading.from), along(reading.to)];
      const height = 6 + (top - 6) * (distance(reading) / farthest);
      return arc(...point(from, -2), ...point((from + to) / 2, -2 - 2 * height), ...point(to, -2));
    });
  }

  private middle(row: number, column: number): [number, number] {
    const cell = this.cell(row, column)!;
    return [cell.offsetLeft + cell.offsetWidth / 2, cell.offsetTop + cell.offsetHeight / 2];
  }

  private focus(cell: HTMLElement): void {
    if (this.focused !== null) {
      this.focused.tabIndex = -1;
    }
    this.focused = cell;
    cell.tabIndex = 0;
  }

  private onKey(event: KeyboardEvent): void {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[role=gridcell]");
    if (cell === null || event.target !== cell || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const row = Number(cell.dataset.row);
    const column = Number(cell.dataset.column);
    const moves: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, this.columns.first],
      End: [row, this.columns.last],
      PageUp: [this.rows.first, column],
      PageDown: [this.rows.last, column],
    };
    const move = moves[event.key];
    if (move !== undefined) {
      const next = this.cell(...move);
      if (next !== undefined) {
        next.focus();
        if (next.dataset.live === "true") {
          this.events.look?.(...move);
        }
      } else {
        this.events.beyond?.(...move);
      }
    } else if (event.key === "Escape") {
      // Others may hear it, too: it leads back to the tour.
      this.events.leave?.();
      return;
    } else if (event.key === "Enter" || event.key === " ") {
      if (cell.dataset.live === "true") {
        this.events.pin?.(row, column);
      }
    } else if (event.key === "F2" || /^[-\d.]$/.test(event.key)) {
      this.startEdit(cell, event.key === "F2" ? null : event.key);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** A field in the cell; Enter takes the number, Escape leaves it. */
  private startEdit(cell: HTMLElement, typed: string | null): void {
    if (this.events.edit === undefined || cell.dataset.live !== "true" || cell.querySelector("input") !== null) {
      return;
    }
    const before = cell.textContent ?? "";
    const field = make("input", { type: "text", inputmode: "decimal", "aria-label": "New value", class: "edit" });
    field.value = typed ?? before.replace("\u2212", "-");
    cell.textContent = "";
    cell.append(field);
    field.focus();
    if (typed === null) {
      field.select();
    }
    let done = false;
    const finish = (take: boolean) => {
      if (done) {
        return;
      }
      const value = parseNumber(field.value);
      if (take && value === null) {
        field.setAttribute("aria-invalid", "true");
        announce(`A number, please; got '${field.value}'.`);
        return;
      }
      done = true;
      cell.textContent = before;
      if (take && value !== null) {
        this.events.edit?.(Number(cell.dataset.row), Number(cell.dataset.column), value);
      }
      this.cell(Number(cell.dataset.row), Number(cell.dataset.column))?.focus();
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") {
        finish(true);
      } else if (event.key === "Escape") {
        finish(false);
      }
    });
    field.addEventListener("blur", () => finish(parseNumber(field.value) !== null));
  }
}

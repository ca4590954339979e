// Numbers as people read them, with a true minus sign and digits of one width.

export function typeset(text: string): string {
  return text.startsWith("-") ? "\u2212" + text.slice(1) : text;
}

/** A formula of the engine's, with the signs of print. */
export function formula(text: string): string {
  return text.replaceAll(" - ", " \u2212 ").replaceAll("*", "\u00B7");
}

/** In a cell: whole numbers whole, others with as many decimals as their size leaves room for. */
export function short(value: number): string {
  if (Number.isNaN(value)) {
    return "NaN";
  }
  if (!Number.isFinite(value)) {
    return value < 0 ? "\u2212\u221E" : "\u221E";
  }
  if (Number.isInteger(value) && Math.abs(value) < 1e5) {
    return typeset(String(value === 0 ? 0 : value));
  }
  const size = Math.abs(value);
  if (size >= 1e5) {
    return typeset(value.toExponential(0).replace("e+", "e"));
  }
  return typeset(value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0));
}

export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

export function counted(count: number, one: string): string {
  return `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** Reads what a person types: 3, -1.5, 1e-3; the true minus sign too. */
export function parseNumber(text: string): number | null {
  const plain = text.trim().replace("\u2212", "-");
  const value = Number(plain);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && Number.isFinite(value) ? value : null;
}

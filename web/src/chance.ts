// Random numbers that are the same for the same seed.

export interface Chance {
  /** A whole number from..to, both included. */
  whole(from: number, to: number): number;
  one<Value>(of: readonly Value[]): Value;
}

/** Weyl's sequence, each term well mixed. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return { whole, one: (of) => of[whole(0, of.length - 1)] };
}

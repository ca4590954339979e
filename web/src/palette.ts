// Values as colours: blue below zero, paper at it, brown above, in steps that look even (OKLab).

export type Scale = "signed" | "positive" | "picture";

interface Stop {
  at: number;
  lightness: number;
  chroma: number;
}

// The ramps of the figures (diverging in src/drawing/color.cc), and the same from a dark ground.
const stops: Record<"light" | "dark", Stop[]> = {
  light: [
    { at: 0, lightness: 0.985, chroma: 0.003 },
    { at: 0.3, lightness: 0.83, chroma: 0.085 },
    { at: 0.62, lightness: 0.62, chroma: 0.125 },
    { at: 1, lightness: 0.33, chroma: 0.075 },
  ],
  dark: [
    { at: 0, lightness: 0.19, chroma: 0.003 },
    { at: 0.3, lightness: 0.38, chroma: 0.075 },
    { at: 0.62, lightness: 0.62, chroma: 0.125 },
    { at: 1, lightness: 0.9, chroma: 0.06 },
  ],
};
const blueHue = 250;
const brownHue = 55;

function coded(linear: number): number {
  const v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.max(0, Math.min(1, v)));
}

/** B. Ottosson's OKLab, https://bottosson.github.io/posts/oklab/, to bytes of sRGB. */
export function fromLab(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    coded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    coded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    coded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function onRamp(ramp: Stop[], t: number, hueDegrees: number): [number, number, number] {
  const next = Math.max(1, ramp.findIndex((stop) => t <= stop.at));
  const from = ramp[next - 1];
  const to = ramp[next];
  const along = (t - from.at) / (to.at - from.at);
  const chroma = from.chroma + along * (to.chroma - from.chroma);
  const hue = (hueDegrees * Math.PI) / 180;
  return fromLab(from.lightness + along * (to.lightness - from.lightness), chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** 511 colours, from the most negative to the most positive, as words of a canvas's pixels. */
export function divergingTable(theme: "light" | "dark"): Uint32Array {
  const bytes = new Uint8Array(4 * 511);
  for (let i = 0; i < 511; ++i) {
    const t = (i - 255) / 255;
    bytes.set([...onRamp(stops[theme], Math.abs(t), t < 0 ? blueHue : brownHue), 255], 4 * i);
  }
  return new Uint32Array(bytes.buffer);
}

/** 256 greys from black to white. */
export function greyTable(): Uint32Array {
  const bytes = new Uint8Array(4 * 256);
  for (let i = 0; i < 256; ++i) {
    bytes.set([i, i, i, 255], 4 * i);
  }
  return new Uint32Array(bytes.buffer);
}

/** The pixels of a plane; `limit` has the full colour. What is no number is yellow, as in the figures. */
export function paint(values: Float32Array, scale: Scale, limit: number, table: Uint32Array): Uint8ClampedArray {
  const words = new Uint32Array(values.length);
  const middle = scale === "picture" ? 0 : 255;
  const least = scale === "signed" ? -255 : 0;
  const factor = 255 / limit;
  const strange = new Uint32Array(new Uint8Array([0xf0, 0xe4, 0x42, 255]).buffer)[0];
  for (let i = 0; i < values.length; ++i) {
    const level = Math.round(Math.max(least, Math.min(255, values[i] * factor)));
    words[i] = Number.isNaN(level) ? strange : table[middle + level];
  }
  return new Uint8ClampedArray(words.buffer);
}

// Pictures that are drawn here instead of loaded. Each shows something that a filter answers to.
import type { Pixels } from "./pixels";

export const samples = [
  { name: "astronaut", title: "a photograph", file: "astronaut.jpg" },
  { name: "letters", title: "letters on a slope", file: null },
  { name: "edges", title: "edges and a checkerboard", file: null },
  { name: "zone", title: "rings, ever finer", file: null },
] as const;
export type SampleName = (typeof samples)[number]["name"];

const size = 256;

function draw(level: (x: number, y: number) => readonly number[]): Pixels {
  const data = new Uint8ClampedArray(4 * size * size).fill(255);
  for (let y = 0; y < size; ++y) {
    for (let x = 0; x < size; ++x) {
      data.set(level(x, y), 4 * (y * size + x));
    }
  }
  return { width: size, height: size, data };
}

/** A zone plate: stripes of every direction, as fine towards the rim as pixels can be. */
export function zonePlate(): Pixels {
  return draw((x, y) => {
    const distance = (x - size / 2) ** 2 + (y - size / 2) ** 2;
    const grey = 127.5 + 127.5 * Math.cos((Math.PI * distance) / size);
    return [grey, grey, grey];
  });
}

/** Edges of every direction and colour, and squares that get smaller. */
export function edges(): Pixels {
  return draw((x, y) => {
    if (y < size / 2) {
      const angle = Math.atan2(y - size / 4, x - size / 2);
      const wedge = Math.floor(((angle + Math.PI) / (2 * Math.PI)) * 12) % 12;
      return Math.hypot(x - size / 2, y - size / 4) < 56 ? [wedge % 2 ? 240 : 30, wedge % 3 ? 200 : 60, wedge % 4 < 2 ? 220 : 40] : [128, 128, 128];
    }
    const square = [16, 8, 4, 2][Math.floor(x / (size / 4))];
    const grey = (Math.floor(x / square) + Math.floor(y / square)) % 2 ? 235 : 20;
    return [grey, grey, grey];
  });
}

/** A slope of brightness with letters on it, for which a canvas is needed. */
export function letters(): Pixels {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d")!;
  const slope = context.createLinearGradient(0, 0, size, 0);
  slope.addColorStop(0, "#101820");
  slope.addColorStop(1, "#f4e8d0");
  context.fillStyle = slope;
  context.fillRect(0, 0, size, size);
  context.textAlign = "center";
  for (const [text, y, points, color] of [["Conv", 84, 76, "#e69f00"], ["2d", 160, 76, "#56b4e9"], ["every number", 205, 26, "#cc3311"], ["a weighted sum of its neighbours", 238, 14, "#009e73"]] as const) {
    context.font = `bold ${points}px sans-serif`;
    context.fillStyle = color;
    context.fillText(text, size / 2, y);
  }
  return context.getImageData(0, 0, size, size);
}

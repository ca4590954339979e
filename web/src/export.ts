// Figures as files. What is drawn is the engine's SVG; pixels are the browser's.
import { GIFEncoder, applyPalette, quantize } from "gifenc";
import { type App } from "./app";
import { EngineError } from "./engine";

/** As on the command line. */
const mostFrames = 1024;

function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function saveText(name: string, type: string, text: string): void {
  save(name, new Blob([text], { type }));
}

/** The picture of an SVG, `ratio` pixels for each of its own. */
async function draw(svg: string, ratio: number): Promise<HTMLCanvasElement> {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(image.naturalWidth * ratio);
  canvas.height = Math.ceil(image.naturalHeight * ratio);
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return canvas;
}

export async function savePng(svg: string): Promise<void> {
  const canvas = await draw(svg, 2);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob !== null) {
    save("conv2d.png", blob);
  }
}

export async function saveGif(app: App, progress: (done: number, all: number) => void): Promise<void> {
  if (app.frames > mostFrames) {
    throw new EngineError(`a GIF steps through at most ${mostFrames} outputs, but this layer has ${app.frames}`);
  }
  const gif = GIFEncoder();
  for (let frame = 0; frame < app.frames; ++frame) {
    const canvas = await draw(app.engine.svg(app.setup.view, app.theme, app.outputOf(frame), true), 1);
    const { data, width, height } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    const palette = quantize(data, 256);
    gif.writeFrame(applyPalette(data, palette), width, height, { palette, delay: frame + 1 === app.frames ? 2500 : 800 });
    progress(frame + 1, app.frames);
  }
  gif.finish();
  save("conv2d.gif", new Blob([gif.bytes()], { type: "image/gif" }));
}

// Files, frames and samples as pixels; runs in the worker.
import type { Source } from "./messages";
import type { Pixels } from "./pixels";
import { edges, letters, samples, zonePlate } from "./samples";

const mostBytes = 100e6;
const mostPixels = 50e6;

/** Something that a reader can be told about a picture. */
export class PictureError extends Error {}

function pixelsOf(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  if (width * height > mostPixels) {
    bitmap.close();
    throw new PictureError(`That picture has ${(width * height).toLocaleString("en-US")} pixels; this page takes up to 50,000,000.`);
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new PictureError("This browser has no memory left for that picture.");
  }
  // What is transparent lies on white.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  canvas.width = canvas.height = 0;
  return { width, height, data };
}

async function decodeFile(blob: Blob, name: string): Promise<Pixels> {
  if (blob.size === 0) {
    throw new PictureError(`${name} is empty.`);
  }
  if (blob.size > mostBytes) {
    throw new PictureError(`${name} has ${Math.round(blob.size / 1e6)} MB; this page takes files of up to 100 MB.`);
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new PictureError(`${name} is no picture that this browser can read.`);
  }
  return pixelsOf(bitmap);
}

async function decodeSample(name: string): Promise<Pixels> {
  if (name === "letters") {
    return letters();
  }
  if (name === "edges") {
    return edges();
  }
  if (name === "zone") {
    return zonePlate();
  }
  const file = samples.find((sample) => sample.name === name)!.file!;
  const response = await fetch(new URL(`pictures/${file}`, self.location.href)).catch(() => null);
  if (response === null || !response.ok) {
    throw new PictureError("The photograph did not load; the other samples are drawn here.");
  }
  return decodeFile(await response.blob(), file);
}

export function decode(source: Source): Promise<Pixels> {
  switch (source.kind) {
    case "sample":
      return decodeSample(source.name);
    case "file":
      return decodeFile(source.blob, source.name);
    case "frame":
      return Promise.resolve(pixelsOf(source.bitmap));
  }
}

/** The picture in small, every so many pixels of it. */
export function previewOf(pixels: Pixels): ImageData {
  const step = Math.max(1, Math.ceil(Math.max(pixels.width, pixels.height) / 512));
  const width = Math.ceil(pixels.width / step);
  const height = Math.ceil(pixels.height / step);
  const from = new Uint32Array(pixels.data.buffer, pixels.data.byteOffset, pixels.width * pixels.height);
  const words = new Uint32Array(width * height);
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      words[y * width + x] = from[y * step * pixels.width + x * step];
    }
  }
  return new ImageData(new Uint8ClampedArray(words.buffer), width, height);
}

// A page's model on the engine, without a page.
import { readFileSync } from "node:fs";
import { App, setupOf } from "../src/app";
import { Engine } from "../src/engine";

let engine: Promise<Engine> | undefined;

export async function opened(layer = "Conv2d(1, 1, 3, bias=False)", input: [number, number, number] = [1, 5, 5]): Promise<App> {
  engine ??= Engine.load(readFileSync(process.env.LENS!));
  return new App(await engine, setupOf(layer, input));
}

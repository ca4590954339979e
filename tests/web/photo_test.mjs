// A picture through filters: every pixel that is looked at is the command line's number.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { png, readNpy } from "./support/arrays.mjs";
import { conv2d, folder } from "./support/command.mjs";
import { eventually, hashOf, numbers, textOf, type, withPage } from "./support/page.mjs";
import { Random } from "./support/random.mjs";

const photo = (page) => page.locator("#photo");
const shown = (page) => photo(page).locator("> .quiet").innerText();
const inspected = (page) => textOf(page, "#photo .inspector");

/** Bytes drawn by a seed: every value of every channel. */
function noise(width, height, seed) {
  const random = new Random(seed);
  return Uint8Array.from({ length: 3 * width * height }, () => random.below(256));
}

async function openPhoto(page) {
  await page.locator("#open-photo").click();
  await eventually(async () => / on a photograph: /.test(await shown(page)), true);
}

async function give(page, name, bytes) {
  await page.locator("#photo-file").setInputFiles({ name, mimeType: "image/png", buffer: bytes });
}

async function choose(page, id, value) {
  await page.locator(`#photo-${id}`).selectOption(String(value));
}

/** Waits for what runs on the page's picture, which is the one of that name. */
async function done(page, what, name, sizes) {
  const sentence = `${what} on ${name}: ${sizes[0]} output${sizes[0] === 1 ? "" : "s"} of ${sizes[1]} × ${sizes[2]}, in`;
  await eventually(async () => (await shown(page)).startsWith(sentence), true);
}

/** Clicks a pixel of an output, and reads the number it opens into. */
async function pixel(page, [k, row, column], [, rows, columns]) {
  const button = photo(page).locator("button.picture").nth(k);
  await button.scrollIntoViewIfNeeded();
  const box = await button.locator("canvas").boundingBox();
  await page.mouse.click(box.x + ((column + 0.5) / columns) * box.width, box.y + ((row + 0.5) / rows) * box.height);
  const head = `output[${k}, ${row}, ${column}] = `;
  await eventually(async () => (await inspected(page)).startsWith(head), true);
  return Number(/= (-?[\d.e-]+)/.exec(await inspected(page))[1]);
}

/** The command line's output for the picture in `folder`. */
function applied(layer, ...more) {
  conv2d("apply", layer, "noise.png", "-o", "applied.npy", ...more);
  return readNpy(join(folder, "applied.npy"));
}

async function expectPixels(page, { sizes, values }, random) {
  const [, rows, columns] = sizes;
  const corners = [[0, 0, 0], [sizes[0] - 1, rows - 1, columns - 1]];
  for (const [k, p, q] of [...corners, [random.below(sizes[0]), random.below(rows), random.below(columns)]]) {
    const value = await pixel(page, [k, p, q], sizes);
    assert.equal(Math.fround(value), values[(k * rows + p) * columns + q], `output[${k}, ${p}, ${q}], seed ${random.seed}`);
  }
}

/** The page with the picture "noise.png" of 30 x 40, as numbers from 0 to 1. */
function withNoise(work) {
  const seed = Number(process.env.CONV2D_TEST_SEED ?? Date.now() % 2 ** 32);
  const bytes = png(40, 30, noise(40, 30, seed));
  writeFileSync(join(folder, "noise.png"), bytes);
  return withPage("", async (page) => {
    await openPhoto(page);
    await choose(page, "white", 1);
    await give(page, "noise.png", bytes);
    await work(page, new Random(seed));
  });
}

// The command line pads named filters with the picture's edge.
test("a picture of one's own through real filters", () => withNoise(async (page, random) => {
  await choose(page, "mode", "replicate");
  for (const filter of ["sobel_x", "gaussian", "sharpen", "emboss"]) {
    await photo(page).locator(`input[value=${filter}]`).check();
    await done(page, filter, "noise.png", [1, 30, 40]);
    await expectPixels(page, applied(filter, "--gray"), random);
  }
}));

test("every channel of a picture in colours", () => withNoise(async (page, random) => {
  await choose(page, "mode", "replicate");
  await photo(page).locator("input[value=sobel_y]").check();
  await choose(page, "channels", 3);
  await done(page, "sobel_y", "noise.png", [3, 30, 40]);
  await expectPixels(page, applied("sobel_y"), random);
  await choose(page, "scale", "picture");
  await photo(page).locator("[aria-label^='The three outputs']").waitFor();
}));

test("random filters are torch's initial weights, with every padding mode", () => withNoise(async (page, random) => {
  await choose(page, "kind", "random");
  await choose(page, "channels", 3);
  await page.locator("#photo-outputs").fill("4");
  await page.locator("#photo-outputs").press("Enter");
  await page.locator("#photo-seed").fill("11");
  await page.locator("#photo-seed").press("Enter");
  await page.locator("#photo-stride").fill("2");
  await page.locator("#photo-stride").press("Enter");
  for (const mode of ["reflect", "replicate", "circular", "zeros"]) {
    await choose(page, "mode", mode);
    await done(page, "random filters", "noise.png", [4, 15, 20]);
    const layer = `Conv2d(3, 4, 5, stride=2, padding=2, padding_mode='${mode}')`;
    // What is shown is rounded once, where the command line rounds every sum.
    const { sizes, values } = applied(layer, "--seed", "11");
    const value = await pixel(page, [2, 0, random.below(20)], sizes);
    const at = Number(/output\[2, 0, (\d+)\]/.exec(await inspected(page))[1]);
    assert.ok(Math.abs(value - values[2 * 15 * 20 + at]) < 75 * 2 ** -23, `${mode}: ${value}, ${values[2 * 15 * 20 + at]}, seed ${random.seed}`);
  }
}));

test("the layer of the stage runs on the picture, and a pixel opens on the stage", () => withNoise(async (page, random) => {
  await type(page, "paste", "Conv2d(1, 2, 3, padding=1, bias=False)");
  await choose(page, "kind", "stage");
  await done(page, "the layer above", "noise.png", [2, 30, 40]);
  const value = await pixel(page, [1, 1 + random.below(28), 1 + random.below(38)], [2, 30, 40]);
  await photo(page).getByRole("button", { name: /on the stage/ }).click();
  assert.equal(Number(/^output\[1, \d, \d\] = (-?[\d.e-]+)/.exec(await textOf(page, "#sum"))[1]), value);
}));

test("a layer that takes no picture is answered in a sentence", () => withPage(hashOf("Conv2d(2, 2, 3)", [2, 5, 5]), async (page) => {
  await openPhoto(page);
  const before = await shown(page);
  await choose(page, "kind", "stage");
  assert.match(await textOf(page, "#photo .about"), /takes 2 channels; a picture has 1 \(grey\) or 3 \(colours\)/);
  await page.locator("#layer-type").selectOption("ConvTranspose2d");
  await eventually(async () => /transposed/.test(await textOf(page, "#photo .about")), true);
  assert.equal(await shown(page), before);
}));

test("learned filters: the first layer of a network", () => withPage("", async (page) => {
  await openPhoto(page);
  await choose(page, "kind", "learned");
  await eventually(async () => /^learned filters on a photograph: \d\d outputs/.test(await shown(page)), true);
  assert.match(await textOf(page, "#photo .about"), /ESRGAN-slim.*MIT licence/);
  const outputs = await photo(page).locator("button.picture").count();
  assert.match(await textOf(page, "#photo .about"), new RegExp(`Conv2d\\(3, ${outputs}, `));
}));

test("signed values diverge from the ground, and the legend says how far", () => withPage("", async (page) => {
  await openPhoto(page);
  await photo(page).getByRole("button", { name: "edges and a checkerboard" }).click();
  await eventually(async () => / on edges and a checkerboard: /.test(await shown(page)), true);
  const colours = () => photo(page).locator("button.picture canvas").evaluate((canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const seen = { warm: 0, cold: 0, ground: 0 };
    for (let i = 0; i < data.length; i += 4) {
      const warmth = data[i] - data[i + 2];
      ++seen[warmth > 40 ? "warm" : warmth < -40 ? "cold" : "ground"];
    }
    return seen;
  });
  const { warm, cold, ground } = await colours();
  assert.ok(warm > 100 && cold > 100 && ground > 10_000, JSON.stringify({ warm, cold, ground }));
  assert.match(await textOf(page, "#photo .legend"), /^-(\d+) and below \1 and above 0 in the middle/);
  await choose(page, "scale", "positive");
  await eventually(async () => (await colours()).cold === 0 || (await colours()).warm === 0, true);
}));

test("a pixel is chosen with the keyboard", () => withPage("", async (page) => {
  await openPhoto(page);
  await photo(page).locator("button.picture").focus();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("ArrowRight");
  await eventually(async () => /^output\[0, 10, 1\]/.test(await inspected(page)), true);
  const [[corner]] = await numbers(page, "Window of channel 0");
  assert.ok(Number.isInteger(corner), String(corner));
}));

test("bad files and fields are answered, and the last picture stays", () => withPage("", async (page) => {
  await openPhoto(page);
  const problem = () => textOf(page, "#photo .problem");
  await page.locator("#photo-file").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") });
  await eventually(async () => /notes\.txt is no picture but text\/plain\. The last picture stays/.test(await problem()), true);
  await give(page, "broken.png", Buffer.from("\x89PNG\r\n\x1a\nbroken", "latin1"));
  await eventually(async () => /broken\.png.*The last picture stays/.test(await problem()), true);
  for (const [id, text] of [["stride", "0"], ["stride", "65"], ["padding", "-1"], ["stride", "1.5"]]) {
    await page.locator(`#photo-${id}`).fill(text);
    await page.locator(`#photo-${id}`).press("Enter");
    await eventually(async () => /takes whole numbers from \d+ to \d+/.test(await problem()), true);
    assert.equal(await page.locator(`#photo-${id}`).getAttribute("aria-invalid"), "true");
    await page.locator(`#photo-${id}`).fill("1");
    await page.locator(`#photo-${id}`).press("Enter");
    await eventually(problem, "");
  }
  await choose(page, "mode", "reflect");
  await give(page, "tiny.png", png(1, 1, Uint8Array.of(1, 2, 3)));
  await eventually(async () => /reflection has to be smaller than the picture/.test(await problem()), true);
}));

test("a picture of twelve million pixels leaves the page free to answer, and can be cancelled", () => withPage("", async (page) => {
  await openPhoto(page);
  const before = await textOf(page, ".where");
  await choose(page, "kind", "random");
  // So many products that the work lasts while the page is tried.
  for (const [id, number] of [["outputs", 32], ["size", 11]]) {
    await page.locator(`#photo-${id}`).fill(String(number));
    await page.locator(`#photo-${id}`).press("Enter");
  }
  await done(page, "random filters", "a photograph", [32, 256, 256]);
  const file = join(folder, "large.png");
  writeFileSync(file, png(4000, 3000, new Uint8Array(36_000_000).map((_, i) => (i * 7919) >> 5)));
  await page.locator("#photo-file").setInputFiles(file);
  await photo(page).locator(".working").waitFor();
  await page.locator("#on").click();
  assert.notEqual(await textOf(page, ".where"), before);
  assert.equal(await photo(page).locator(".working").isVisible(), true);
  await photo(page).getByRole("button", { name: "Cancel" }).click();
  assert.match(await shown(page), /^Cancelled; the last result stays/);
  await photo(page).locator(".working").waitFor({ state: "hidden" });
  await choose(page, "kind", "named");
  await done(page, "sobel_x", "large.png", [1, "3,000", "4,000"]);
}));

test("the webcam is asked for, and never needed", () => withPage("", async (page) => {
  await openPhoto(page);
  const before = await shown(page);
  await photo(page).getByRole("button", { name: "Webcam" }).click();
  await eventually(async () => /The webcam was refused.*a file or a sample does as well/.test(await textOf(page, "#photo .problem")), true);
  assert.equal(await shown(page), before);
}));

test("the webcam's pictures run through the filter until it is off", () => withPage("", async (page) => {
  await openPhoto(page);
  const webcam = photo(page).getByRole("button", { name: "Webcam" });
  await webcam.click();
  await eventually(async () => /^sobel_x on the webcam: 1 output of 240 × 320/.test(await shown(page)), true);
  assert.equal(await webcam.getAttribute("aria-pressed"), "true");
  await webcam.click();
  assert.equal(await webcam.getAttribute("aria-pressed"), "false");
}, { permissions: ["camera"] }));

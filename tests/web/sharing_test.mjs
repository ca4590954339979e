// What is taken away from the page: links, code, figures.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { figure, folder, inShell } from "./support/command.mjs";
import { root } from "./support/packages.mjs";
import { cell, eventually, hashOf, numbers, textOf, type, withPage } from "./support/page.mjs";
import { origin } from "./support/server.mjs";

const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };

async function copied(page, as) {
  await page.locator("#copy").selectOption(as);
  await page.locator("#tools .said", { hasText: "copied" }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

async function saved(page, as) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 20_000 }), page.locator("#save").selectOption(as)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

async function shown(page) {
  const grids = {};
  for (const name of ["Input, channel 0", "Filter 1, slice for input channel 0", "Output, channel 1"]) {
    grids[name] = await numbers(page, name);
  }
  return { grids, sum: await textOf(page, "#sum"), signature: await textOf(page, ".makes"), bias: await page.locator("#bias").inputValue() };
}

test("a link shows the same: layer, pin, view, other numbers, edits", () => withPage(hashOf("Conv2d(2, 2, 2, padding=1)", [2, 3, 4]), async (page) => {
  await page.locator("#numbers").click();
  await cell(page, "Output, channel 1", 1, 2).click();
  await cell(page, "Input, channel 0", 1, 2).dblclick();
  await page.keyboard.type("-1.25");
  await page.keyboard.press("Enter");
  await cell(page, "Output, channel 1", 1, 2).click();
  await cell(page, "Filter 1, slice for input channel 0", 0, 1).dblclick();
  await page.keyboard.type("0.5");
  await page.keyboard.press("Enter");
  await cell(page, "Output, channel 1", 1, 2).click();
  await type(page, "bias", "0.75");
  await page.locator("#view-matrix").click();
  const before = await shown(page);
  const link = await copied(page, "link");
  assert.equal(link, page.url());
  await withPage(new URL(link).hash, async (other) => {
    assert.deepEqual(await shown(other), before);
    assert.equal(await other.locator("#view-matrix").getAttribute("aria-selected"), "true");
  });
}, clipboard));

test("another link in the same page is followed", () => withPage("", async (page) => {
  await page.evaluate((hash) => { location.hash = hash; }, hashOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5], { at: "0,1,2" }));
  await page.locator("#sum .head", { hasText: "output[0, 1, 2] = 19" }).waitFor();
}));

test("links to a step and to a question are followed in the same page, and left", () => withPage("", async (page) => {
  const go = (hash) => page.evaluate((given) => { location.hash = given; }, hash);
  await go("#tour=5");
  await eventually(() => textOf(page, "#tour-title"), "5 of 10: Stride, and rows that nobody reads");
  assert.match(await textOf(page, ".makes"), /1 × 2 × 2/);
  await go(hashOf("Conv2d(1, 1, 2)", [1, 3, 3], { tour: 4, quiz: 12 }));
  await eventually(() => textOf(page, "#tour-title"), "4 of 10: Padding");
  assert.equal(await textOf(page, "#quiz-number"), "Question 12");
  assert.match(await textOf(page, ".makes"), /1 × 2 × 2/);
  await go(hashOf("Conv2d(1, 1, 1)", [1, 4, 4]));
  await eventually(async () => /Go on with the tour/.test(await textOf(page, "#tour")), true);
  assert.doesNotMatch(page.url(), /tour|quiz/);
}));

test("going to a part of the page leaves the layer in the address", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page) => {
  const address = page.url();
  await page.locator("#to-cards").click();
  await eventually(() => page.evaluate(() => scrollY > 0), true);
  await eventually(() => Promise.resolve(page.url()), address);
  await page.locator("#view-matrix").click();
  await eventually(() => Promise.resolve(/view=matrix/.test(page.url())), true);
  const changed = page.url();
  await page.locator("#to-photo").click();
  await eventually(() => Promise.resolve(page.url()), changed);
}));

const layers = [
  ["Conv2d(3, 2, kernel_size=3, stride=2, padding=1)", [3, 5, 5]],
  ["Conv2d(2, 4, (1, 3), padding='same', padding_mode='reflect', groups=2, bias=False)", [2, 4, 5]],
  ["Conv2d(1, 1, 3, padding=(1, 0), dilation=(1, 2), padding_mode='circular')", [1, 5, 6]],
  ["ConvTranspose2d(2, 1, 3, stride=(2, 1), padding=1, output_padding=(1, 0))", [2, 3, 4]],
];

test("the copied command draws the figure of the page", () => withPage("", async (page) => {
  for (const [layer, input] of layers) {
    await page.evaluate((hash) => { location.hash = hash; }, hashOf(layer, input, { at: "0,1,1", view: "im2col" }));
    await page.locator("#view-im2col[aria-selected=true]").waitFor();
    await eventually(() => page.locator("#size-width").inputValue(), String(input[2]));
    await page.locator("#sum .head", { hasText: "output[0, 1, 1]" }).waitFor();
    const command = await copied(page, "command");
    inShell(command);
    const { bytes } = await saved(page, "svg");
    assert.equal(bytes.toString(), readFileSync(join(folder, "layer.svg"), "utf8"), command);
  }
}, clipboard));

test("the copied command has the page's own numbers", () => withPage(hashOf(...layers[0], { x: "0:9", w: "4:-2;5:0.5", b: "1:7", seed: "3" }), async (page) => {
  for (const change of ["#numbers", "#flip"]) {
    const command = await copied(page, "command");
    assert.match(command, /^conv2d figure --link /);
    inShell(command);
    const { bytes } = await saved(page, "svg");
    assert.equal(bytes.toString(), readFileSync(join(folder, "layer.svg"), "utf8"), command);
    await page.locator(change).click();
  }
  const command = await copied(page, "command");
  inShell(command);
  assert.equal((await saved(page, "svg")).bytes.toString(), readFileSync(join(folder, "layer.svg"), "utf8"), command);
}, clipboard));

test("the copied code is code", () => withPage("", async (page) => {
  for (const [layer, input] of layers) {
    await page.evaluate((hash) => { location.hash = hash; }, hashOf(layer, input));
    await eventually(() => page.locator("#size-width").inputValue(), String(input[2]));
    const python = await copied(page, "python");
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.argv[1])", python]);
    assert.doesNotMatch(python, /padding_mode=\w|padding=[a-z]/);
    const file = join(folder, "layer.cc");
    writeFileSync(file, `${(await copied(page, "cpp")).replace("\nconv2d::", "\nint main() {\nconv2d::")}}\n`);
    execFileSync(process.env.CXX ?? "c++", ["-std=c++20", "-fsyntax-only", `-I${join(root, "include")}`, file]);
  }
}, clipboard));

test("figures are the command line's bytes", () => withPage(hashOf(...layers[0], { at: "1,2,0" }), async (page) => {
  const svg = await saved(page, "svg");
  assert.equal(svg.name, "conv2d.svg");
  assert.deepEqual(svg.bytes, figure(...layers[0], "svg", "--at", "1,2,0"));
  assert.deepEqual((await saved(page, "html")).bytes, figure(...layers[0], "html"));
  await page.locator("#theme").click();
  assert.deepEqual((await saved(page, "svg")).bytes, figure(...layers[0], "svg", "--at", "1,2,0", "--theme", "dark"));
}));

test("pictures have the figure's size and frames", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page) => {
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec((await saved(page, "svg")).bytes);
  const png = (await saved(page, "png")).bytes;
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Math.ceil(2 * width), Math.ceil(2 * height)]);
  const gif = (await saved(page, "gif")).bytes;
  assert.equal(gif.subarray(0, 6).toString(), "GIF89a");
  assert.deepEqual([gif.readUInt16LE(6), gif.readUInt16LE(8)], [Math.ceil(width), Math.ceil(height)]);
  assert.equal(gif.toString("latin1").split("\x21\xf9\x04").length - 1, 4);
}));

test("too many frames are refused with a sentence", () => withPage(hashOf("Conv2d(1, 1, 1)", [1, 40, 40]), async (page) => {
  for (const as of ["gif", "html"]) {
    await page.locator("#save").selectOption(as);
    await page.locator("#tools .said", { hasText: "at most 1024" }).waitFor();
  }
}));

test("the saved page steps by itself, from a file", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page, context) => {
  const { bytes } = await saved(page, "html");
  const other = await context.newPage();
  const errors = [];
  other.on("pageerror", (error) => errors.push(error.message));
  await other.route(`${origin}/saved.html`, (route) => route.fulfill({ body: bytes, contentType: "text/html" }));
  await other.goto(`${origin}/saved.html`);
  assert.ok(await other.locator("svg").count() > 0);
  await other.keyboard.press("ArrowRight");
  assert.deepEqual(errors, []);
}));

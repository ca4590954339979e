// What is sent, and what is not: bytes, requests, the policy for code, working without a network.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { site } from "./support/packages.mjs";
import { cell, hashOf, textOf, type, withPage } from "./support/page.mjs";

// What main.js shares with parts that come later, and so loads at once.
const shared = [...readFileSync(join(site, "main.js"), "utf8").matchAll(/(?:from|import)"\.\/(parts\/[^"]+)"/g)].map((found) => found[1]);
const first = ["index.html", "style.css", "main.js", "icon.svg", "lens.wasm", ...shared];

const zipped = (name) => gzipSync(readFileSync(join(site, name)), { level: 9 }).length;

test("what every reader loads is below 300 KB", (t) => {
  const sizes = first.map(zipped);
  const all = sizes.reduce((a, b) => a + b);
  t.diagnostic(`${all} bytes, of which lens.wasm ${sizes[4]}; engine.wasm ${zipped("engine.wasm")} where it is asked for`);
  assert.ok(all < 300_000, `${all} bytes`);
});

test("the first screen asks for no more than it shows", (t) => withPage("", async (page) => {
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name.split("/").at(-1)));
  assert.deepEqual(loaded.filter((name) => !first.some((file) => file.endsWith(name))), []);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  t.diagnostic(`first contentful paint after ${Math.round(paint)} ms`);
  assert.ok(paint < 3000);
}));

test("no code but the page's own runs", () => withPage("", async (page) => {
  const policy = await page.locator("meta[http-equiv='Content-Security-Policy']").getAttribute("content");
  const rules = Object.fromEntries(policy.split(";").map((rule) => rule.trim().split(/ (.*)/)));
  assert.equal(rules["default-src"], "'none'");
  assert.equal(rules["script-src"], "'self' 'wasm-unsafe-eval'");
  assert.doesNotMatch(policy, /'unsafe-(eval|inline)'|\*|https?:/);
  assert.doesNotMatch(readFileSync(join(site, "main.js"), "utf8"), /\beval\(|new Function\(/);
}));

test("after it is loaded the page needs no network", () => withPage("", async (page, context) => {
  await page.locator("#view-cost").click();
  await page.locator("#figure svg", { hasText: "multiply-adds" }).waitFor();
  await context.setOffline(true);
  await type(page, "argument-dilation", "2");
  await cell(page, "Output, channel 1", 0, 1).click();
  assert.match(await textOf(page, "#sum"), /^output\[1, 0, 1\]/);
  for (const view of ["im2col", "matrix", "cost", "slide"]) {
    await page.locator(`#view-${view}`).click();
    await page.locator("#figure svg").waitFor();
  }
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save").selectOption("png")]);
  assert.equal(download.suggestedFilename(), "conv2d.png");
}));

test("a part that cannot be loaded says so, and is tried again", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page) => {
  await page.route("**/engine*.wasm", (route) => route.fulfill({ body: "not an engine", contentType: "application/wasm" }));
  await page.locator("#view-cost").click();
  await page.locator("#figure .problem", { hasText: "did not load" }).waitFor();
  await page.unroute("**/engine*.wasm");
  await page.locator("#view-slide").click();
  await page.locator("#view-cost").click();
  await page.locator("#figure svg", { hasText: "multiply-adds" }).waitFor();
}));

test("the page's files know no address of their own", () => {
  for (const name of readdirSync(site).filter((file) => /\.(html|css)$/.test(file))) {
    assert.doesNotMatch(readFileSync(join(site, name), "utf8"), /(src|href)="\/|url\(\//, name);
  }
});

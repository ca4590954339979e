// One browser for all tests, a fresh page for each; what a page complains about fails its test.
import assert from "node:assert/strict";
import { require } from "./packages.mjs";
import { address, origin } from "./server.mjs";

const { chromium } = require("playwright-core");
let launched = null;
let closing;

/** Launched when it is first asked for, closed once nobody has asked for a while. */
function browser() {
  clearTimeout(closing);
  launched ??= chromium.launch({ executablePath: process.env.CONV2D_BROWSER ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream"] });
  return launched;
}

function leaveBrowser() {
  clearTimeout(closing);
  closing = setTimeout(async () => {
    const last = launched;
    launched = null;
    await (await last).close();
  }, 2000);
}

/** The part of an address that names a layer on an input. */
export function hashOf(layer, input, more = {}) {
  return "#" + new URLSearchParams({ layer, input: input.join("x"), ...more });
}

/** Watches what must not happen: errors, refused code, requests to elsewhere. */
async function watch(page) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // The browser asks for the icon again whenever the address changes, with a network or without.
    if (["error", "warning"].includes(message.type()) && !message.location().url.endsWith("icon.svg")) {
      complaints.push(`console: ${message.text()} ${message.location().url}`);
    }
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(blob|data):/.test(request.url())) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  await page.addInitScript(() => {
    globalThis.refused = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return complaints;
}

/** Runs `work` on the page at `hash`; `options` are the browser context's. */
export async function withPage(hash, work, options = {}) {
  const context = await (await browser()).newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15_000);
  try {
    const page = await context.newPage();
    const complaints = await watch(page);
    await page.goto(address + hash);
    await page.waitForSelector("html[data-ready]");
    await work(page, context);
    assert.deepEqual(complaints, []);
    assert.deepEqual(await page.evaluate(() => globalThis.refused), []);
  } finally {
    await context.close();
    leaveBrowser();
  }
}

/** A cell of a grid; rows and columns count as they are drawn, from 0. */
export function cell(page, grid, row, column) {
  return page.locator(`[role=grid][aria-label="${grid}"] > [role=row]`).nth(row).locator("[role=gridcell]").nth(column);
}

/** Tab, from the focus on, until the element with that id has it. */
export async function tabTo(page, id) {
  for (let count = 0; count < 200; ++count) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.id) === id) {
      return;
    }
  }
  throw new Error(`Tab does not reach #${id}`);
}

/** Arrow keys, from the focused cell of a grid to another; rows and columns are those of the plane. */
export async function walkTo(page, row, column) {
  const from = await page.evaluate(() => ({ ...document.activeElement.dataset }));
  const walk = async (steps, less, more) => {
    for (let i = 0; i < Math.abs(steps); ++i) {
      await page.keyboard.press(steps < 0 ? less : more);
    }
  };
  await walk(row - Number(from.row), "ArrowUp", "ArrowDown");
  await walk(column - Number(from.column), "ArrowLeft", "ArrowRight");
}

/** The numbers that a grid shows, row by row. */
export function numbers(page, grid) {
  return page.locator(`[role=grid][aria-label="${grid}"] [role=row]`).evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("[role=gridcell]")].map((cell) =>
      cell.textContent === "" ? null : Number(cell.textContent.replace("\u2212", "-")))));
}

/** Text with plain minus signs and single spaces. */
export async function textOf(page, selector) {
  return (await page.locator(selector).innerText()).replaceAll("\u2212", "-").replace(/\s+/g, " ").trim();
}

/** Types into a field of the signature, as a person does. */
export async function type(page, id, text) {
  await page.locator(`#${id}`).fill(text);
  await page.locator(`#${id}`).press("Enter");
}

/** Waits until `value()` is what is expected, or fails with the difference. */
export async function eventually(value, expected) {
  let last;
  for (let tries = 0; tries < 500; ++tries) {
    last = await value();
    try {
      assert.deepEqual(last, expected);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }
  assert.deepEqual(last, expected);
}

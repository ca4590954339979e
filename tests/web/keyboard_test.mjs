// Everything can be done without a mouse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, hashOf, numbers, textOf, withPage } from "./support/page.mjs";

const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  return element.id || element.getAttribute("aria-label") || element.closest("[role=grid]")?.getAttribute("aria-label") || element.textContent.trim();
});

/** What Tab reaches, in its order, until it comes round. */
async function reached(page) {
  const list = [];
  await page.evaluate(() => document.activeElement.blur());
  for (let count = 0; count < 120; ++count) {
    await page.keyboard.press("Tab");
    const there = await page.evaluate(() => {
      const element = document.activeElement;
      element.dataset.reached = String(Number(element.dataset.reached ?? 0) + 1);
      return element === document.body || element.dataset.reached === "2";
    });
    if (there) {
      break;
    }
    list.push(await focused(page));
  }
  return list;
}

test("Tab reaches every control and every grid", () => withPage("", async (page) => {
  await reached(page);
  const missed = await page.locator("button, input, select, a[href], [role=grid], [role=tab], [role=tabpanel]").evaluateAll((all) =>
    all.filter((element) => element.checkVisibility() && !element.closest(".steppers"))
      .filter((element) => element.getAttribute("role") !== "tab" || element.tabIndex === 0)
      .filter((element) => element.dataset.reached === undefined && element.querySelector("[data-reached]") === null)
      .map((element) => element.outerHTML.slice(0, 120)));
  assert.deepEqual(missed, []);
}));

test("focus can be seen", () => withPage("", async (page) => {
  for (const id of ["theme", "argument-stride", "play", "scrub", "view-slide", "copy"]) {
    await page.locator(`#${id}`).focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.locator(`#${id}`).evaluate((element) => getComputedStyle(element).outlineStyle), "none", id);
  }
}));

test("the skip link leads to the layer", () => withPage("", async (page) => {
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "stage");
}));

test("arrows walk a grid, Enter pins, the sum follows", () => withPage("", async (page) => {
  await cell(page, "Output, channel 0", 0, 0).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.match(await textOf(page, "#sum"), /^output\[0, 1, 1\]/);
  assert.match(await textOf(page, "#live"), /row 1, column 1/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.press("PageDown");
  assert.match(await textOf(page, "#sum"), /^output\[0, 2, 2\]/);
  assert.equal(await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("at")), "0,1,1");
  await page.keyboard.press("Escape");
  assert.match(await textOf(page, "#sum"), /^output\[0, 1, 1\]/);
}));

test("leaving a grid with Tab brings the pin back", () => withPage("", async (page) => {
  await cell(page, "Output, channel 0", 0, 0).focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await textOf(page, "#sum"), /^output\[0, 0, 1\]/);
  await page.locator("#play").focus();
  assert.match(await textOf(page, "#sum"), /^output\[0, 0, 0\]/);
}));

test("walking another channel's outputs shows its filter and keeps the place", () => withPage("", async (page) => {
  await cell(page, "Output, channel 1", 0, 0).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.match(await textOf(page, "#sum"), /^output\[1, 0, 2\]/);
  assert.equal(await page.locator("[aria-label^='Filter 1, slice']").count(), 3);
}));

test("a number is edited with the keyboard, and Escape leaves it", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page) => {
  await cell(page, "Input, channel 0", 1, 1).focus();
  await page.keyboard.type("7");
  await page.keyboard.press("Enter");
  assert.equal((await numbers(page, "Input, channel 0"))[1][1], 7);
  assert.equal(await focused(page), "row 1, column 1: 7");
  await page.keyboard.press("F2");
  await page.keyboard.type("abc");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".edit").getAttribute("aria-invalid"), "true");
  await page.keyboard.press("Escape");
  assert.equal((await numbers(page, "Input, channel 0"))[1][1], 7);
}));

test("arrows count an argument up and down, and the focus stays", () => withPage("", async (page) => {
  await page.locator("#argument-stride").focus();
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.locator("#argument-stride").inputValue(), "3");
  assert.equal(await focused(page), "argument-stride");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#argument-stride").inputValue(), "1");
  await page.locator("#size-height").focus();
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.locator("#size-height").inputValue(), "6");
}));

test("the outputs are walked with brackets and scrubbed with arrows", () => withPage("", async (page) => {
  await page.keyboard.press("]");
  await page.keyboard.press("]");
  assert.equal(await textOf(page, ".where"), "3 of 18");
  await page.keyboard.press("[");
  assert.equal(await textOf(page, ".where"), "2 of 18");
  await page.locator("#scrub").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await textOf(page, ".where"), "3 of 18");
  assert.match(await page.locator("#scrub").getAttribute("aria-valuetext"), /3 of 18/);
  await page.keyboard.press("End");
  assert.equal(await textOf(page, ".where"), "18 of 18");
}));

test("arrows go round the views", () => withPage("", async (page) => {
  await page.locator("#view-slide").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(page), "view-im2col");
  assert.equal(await page.locator("#view-im2col").getAttribute("aria-selected"), "true");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await focused(page), "view-cost");
}));

test("arrows walk farther than the part that is shown", () => withPage(hashOf("Conv2d(1, 1, 3)", [1, 30, 30]), async (page) => {
  await cell(page, "Output, channel 0", 0, 0).focus();
  for (let i = 0; i < 20; ++i) {
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
  }
  assert.match(await textOf(page, "#sum"), /^output\[0, 20, 20\]/);
  assert.match(await focused(page), /^row 20, column 20/);
  await page.keyboard.press("Shift+Tab");
  await cell(page, "Input, channel 0", 0, 0).focus();
  const from = Number(await page.evaluate(() => document.activeElement.dataset.row));
  for (let i = 0; i < 12; ++i) {
    await page.keyboard.press("ArrowUp");
  }
  assert.equal(Number(await page.evaluate(() => document.activeElement.dataset.row)), Math.max(0, from - 12));
}));

// For every reader and every screen: axe-core, small screens, light and dark, reduced motion.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { require } from "./support/packages.mjs";
import { cell, eventually, hashOf, withPage } from "./support/page.mjs";

const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const views = ["slide", "im2col", "matrix", "gradient", "cost"];
const widths = [360, 768, 1440];

async function violations(page) {
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} (${node.failureSummary})`));
  });
}

/** What is wider than the screen: the page itself, or an element that does not scroll by itself. */
async function tooWide(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    return [...document.body.querySelectorAll("*")].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (right > wide + 1 || left < -1) && !element.closest(".figure svg, .hidden, .skip, svg.arrows");
    }).map((element) => `${element.tagName} ${element.id || element.className}`).concat(document.documentElement.scrollWidth > wide ? ["the page"] : []);
  });
}

async function smallestCell(page) {
  return page.locator("[role=gridcell]").evaluateAll((cells) => Math.min(...cells.filter((cell) => cell.checkVisibility()).map((cell) => cell.getBoundingClientRect().width)));
}

async function show(page, view) {
  await page.locator(`#view-${view}`).click();
  await (view === "gradient" ? page.locator(".gradients") : page.locator("#figure svg")).waitFor();
  await page.waitForTimeout(100);
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing in any view, ${colorScheme}`, () => withPage("", async (page) => {
    assert.equal(await page.locator("html").getAttribute("data-theme"), colorScheme);
    await page.evaluate(axe);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      for (const view of width === 768 ? ["slide", "gradient"] : views) {
        await show(page, view);
        assert.deepEqual(await violations(page), [], `${view} at ${width}`);
      }
    }
  }, { colorScheme }));

  test(`axe finds nothing in other states, ${colorScheme}`, () => withPage(hashOf("Conv2d(4, 4, 3, padding=1, groups=2, padding_mode='reflect')", [4, 6, 6]), async (page) => {
    await page.evaluate(axe);
    await cell(page, "Input, channel 1", 2, 2).click();
    assert.deepEqual(await violations(page), [], "an input");
    await page.locator("#argument-stride").fill("0");
    await page.locator("#argument-stride").press("Enter");
    assert.deepEqual(await violations(page), [], "a refusal");
    await page.locator("#predict").click();
    assert.deepEqual(await violations(page), [], "a prediction");
    await page.locator("#predict").click();
    await cell(page, "Input, channel 1", 2, 2).dblclick();
    assert.deepEqual(await violations(page), [], "an edit");
  }, { colorScheme }));
}

const layers = [
  ["", "the first screen"],
  [hashOf("Conv2d(3, 6, 5)", [3, 32, 32]), "32 x 32"],
  [hashOf("Conv2d(8, 8, 7, padding=3, groups=4)", [8, 20, 20]), "groups"],
  [hashOf("ConvTranspose2d(2, 2, 4, stride=3, padding=1)", [2, 6, 6]), "transposed"],
  [hashOf("Conv2d(1, 1, 11, stride=4)", [1, 60, 60]), "a large kernel"],
];

for (const [hash, name] of layers) {
  test(`nothing is wider than 360 pixels: ${name}`, () => withPage(hash, async (page) => {
    for (const view of views) {
      await show(page, view);
      assert.deepEqual(await tooWide(page), [], view);
      assert.ok(await smallestCell(page) >= 17, `cells of ${await smallestCell(page)} px`);
    }
  }, { viewport: { width: 360, height: 740 }, hasTouch: true }));
}

test("a long sum on a small screen scrolls by keyboard", () => withPage(hashOf("Conv2d(3, 6, 5)", [3, 32, 32]), async (page) => {
  await page.evaluate(axe);
  assert.deepEqual(await violations(page), []);
  await page.locator("#sum").focus();
  await page.keyboard.press("End");
  await eventually(() => page.evaluate(() => document.getElementById("sum").scrollTop > 0), true);
}, { viewport: { width: 360, height: 740 } }));

test("a finger pins", () => withPage("", async (page) => {
  await cell(page, "Output, channel 0", 2, 1).tap();
  assert.match(await page.locator("#sum .head").innerText(), /output\[0, 2, 1\]/);
}, { viewport: { width: 360, height: 740 }, hasTouch: true }));

test("motion is left out where it is not wanted", async () => {
  for (const [reducedMotion, moves] of [["reduce", false], ["no-preference", true]]) {
    await withPage("", async (page) => {
      const moving = await page.evaluate(() => {
        const styles = [...document.querySelectorAll("*")].map((element) => getComputedStyle(element));
        return styles.some((style) => parseFloat(style.transitionDuration) > 0 || parseFloat(style.animationDuration) > 0 || style.scrollBehavior === "smooth");
      });
      assert.equal(moving, moves);
    }, { reducedMotion });
  }
});

test("the choice of dark or light overrides the system's", () => withPage("", async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.locator("#theme").click();
  assert.notEqual(await paper(), light);
  assert.equal(await page.locator("#theme").getAttribute("aria-pressed"), "true");
}));

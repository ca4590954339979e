// The tour from its first step to its last without a mouse, each step first answered wrongly.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "./support/command.mjs";
import { cell, eventually, numbers, tabTo, textOf, walkTo, withPage } from "./support/page.mjs";

const title = (page) => textOf(page, "#tour-title");
const said = (page) => textOf(page, ".tour-said");
const marked = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("tour"));

async function press(page, id) {
  await tabTo(page, id);
  await page.keyboard.press("Enter");
}

/** Types over what the focused field or cell holds. */
async function enter(page, text) {
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** Puts the focus on an argument, or on the place of the step, from the tour. */
async function goThere(page, id = null) {
  await press(page, "tour-there");
  if (id !== null) {
    await tabTo(page, id);
  }
}

async function pin(page, row, column) {
  await walkTo(page, row, column);
  await page.keyboard.press("Enter");
}

async function firstOutput(page) {
  return (await numbers(page, "Output, channel 0"))[0][0];
}

/** The weight over an input that divides the first output, which it brings to 0. */
async function weightForZero(page) {
  const inputs = await numbers(page, "Input, channel 0");
  const weights = await numbers(page, "Filter 0, slice for input channel 0");
  const now = await firstOutput(page);
  for (const [r, row] of weights.entries()) {
    for (const [s, weight] of row.entries()) {
      if (inputs[r][s] !== 0 && now % inputs[r][s] === 0) {
        return { r, s, weight: weight - now / inputs[r][s] };
      }
    }
  }
  throw new Error(`no weight brings ${now} to 0`);
}

/** What a person does at each step: something wrong, what is said to it, what is right. */
const steps = [
  {
    title: /^1 of 10: One weight/,
    wrong: (page) => pin(page, 0, 1),
    hint: /row 0, column 1/,
    right: (page) => pin(page, 1, 2),
  },
  {
    title: /^2 of 10/,
    wrong: (page) => enter(page, "7"),
    hint: /^Not yet\. It is -?[\d.]+ now/,
    async right(page) {
      const { r, s, weight } = await weightForZero(page);
      await walkTo(page, r, s);
      await enter(page, String(weight));
      assert.equal(await firstOutput(page), 0);
    },
  },
  {
    title: /^3 of 10/,
    wrong: (page) => page.keyboard.press("ArrowDown"),
    hint: /^Not yet\. Now it is 4 × 4\./,
    async right(page) {
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      assert.deepEqual(explain("Conv2d(1, 1, 4, bias=False)", [1, 5, 5]).output, [1, 2, 2]);
    },
  },
  {
    title: /^4 of 10: Padding/,
    wrong: (page) => pin(page, 0, 2),
    hint: /^Not yet\. There are 3 weights on padding/,
    async right(page) {
      await pin(page, 4, 0);
      assert.equal(explain("Conv2d(1, 1, 3, padding=1, bias=False)", [1, 5, 5], [0, 4, 0]).at.counting, 4);
    },
  },
  {
    title: /^5 of 10: Stride/,
    wrong: (page) => pin(page, 1, 1),
    hint: /^Not yet\. That one is in \d products?/,
    right: (page) => pin(page, 5, 2),
  },
  {
    title: /^6 of 10/,
    to: "bias",
    wrong: (page) => enter(page, "100"),
    hint: /^Not yet\. It is -?\d+ now/,
    async right(page) {
      await tabTo(page, "bias");
      await enter(page, String(100 - (await firstOutput(page))));
      assert.equal(await firstOutput(page), 0);
    },
  },
  {
    title: /^7 of 10/,
    to: "argument-out_channels",
    wrong: (page) => page.keyboard.press("ArrowUp"),
    hint: /^Not yet\. Now it has 84: 28 for each of 3 filters/,
    async right(page) {
      await page.keyboard.press("ArrowUp");
      assert.equal(explain("Conv2d(3, 4, 3)", [3, 4, 4]).cost.parameters, 112);
    },
  },
  {
    title: /^8 of 10: Dilation/,
    to: "argument-dilation",
    wrong: (page) => enter(page, "3"),
    hint: /^Not yet\. Now they cover 7/,
    right: (page) => page.keyboard.press("ArrowDown"),
  },
  {
    title: /^9 of 10: Groups/,
    to: "argument-groups",
    wrong: (page) => enter(page, "2"),
    hint: /^Not yet\. Now every output reads 2 channels/,
    right: (page) => enter(page, "4"),
  },
  {
    title: /^10a of 10: .*gradients/,
    wrong: (page) => pin(page, 1, 2),
    hint: /^Not yet\. That one is in 6 outputs/,
    right: (page) => pin(page, 2, 2),
  },
  {
    title: /^10b of 10: .*transposed/,
    to: "argument-stride",
    wrong: (page) => page.keyboard.press("ArrowUp"),
    hint: /^Not yet\. Now it is 9 × 9/,
    async right(page) {
      await page.keyboard.press("ArrowDown");
      await tabTo(page, "argument-output_padding");
      await page.keyboard.press("ArrowUp");
      assert.deepEqual(explain("ConvTranspose2d(1, 1, 3, stride=2, output_padding=1)", [1, 3, 3]).output, [1, 8, 8]);
    },
  },
];

async function take(page, step, i) {
  assert.match(await title(page), step.title);
  assert.equal(await marked(page), String(i + 1));
  assert.equal(await page.evaluate(() => document.activeElement.id), "tour-title");
  await goThere(page, step.to);
  await step.wrong(page);
  await eventually(async () => step.hint.test(await said(page)), true);
  await step.right(page);
  await eventually(async () => /^✓ Right\./.test(await said(page)), true);
  assert.equal(await page.locator(`#tour-dot-${i}.done`).count(), 1);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "tour-title");
}

test("the tour, from its first step to its last, with the keyboard alone", () => withPage("", async (page) => {
  await press(page, "to-tour");
  for (const [i, step] of steps.entries()) {
    await take(page, step, i);
    await press(page, "tour-next");
  }
  assert.match(await textOf(page, "#tour"), /Take the tour again/);
  assert.equal(await marked(page), null);
}));

test("a link leads to a step, and what was done stays until the tab is closed", () => withPage("#tour=3", async (page, context) => {
  assert.match(await title(page), /^3 of 10/);
  await page.locator("#tour-next").click();
  await cell(page, "Output, channel 0", 0, 0).click();
  assert.match(await said(page), /^✓ Right\. A corner: 4 products count/);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  assert.match(await title(page), /^4 of 10/);
  assert.match(await said(page), /You have done this one/);
  await page.locator("#tour-leave").click();
  assert.match(await textOf(page, "#tour"), /Go on with the tour, step 4/);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.waitForSelector("html[data-ready]");
  assert.match(await textOf(other, "#tour"), /Start the tour/);
}));

test("walking over outputs with the player answers nothing", () => withPage("#tour=1", async (page) => {
  for (let i = 0; i < 8; ++i) {
    await page.locator("#on").click();
  }
  assert.equal(await said(page), "");
}));

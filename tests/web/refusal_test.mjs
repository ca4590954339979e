// What cannot be is answered in a sentence; the picture and the address keep their last good state.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, eventually, hashOf, numbers, textOf, type, withPage } from "./support/page.mjs";
import { address } from "./support/server.mjs";

async function state(page) {
  return { hash: new URL(page.url()).hash, sum: await textOf(page, "#sum"), makes: await textOf(page, ".makes"), input: await numbers(page, "Input, channel 0") };
}

const fields = {
  "argument-in_channels": ["two", "-1", "", "99999999999999999999", "1.5"],
  "argument-out_channels": ["two", "0", "-1", "", "99999999999", "9999999"],
  "argument-kernel_size": ["x", "0", "-1", "", "(3,", "(1, 2, 3)", "99", "99999999999999"],
  "argument-stride": ["x", "0", "-1", "", "(0, 1)"],
  "argument-padding": ["x", "-1", "", "(1, 2, 3)", "99999999", "sam"],
  "argument-dilation": ["x", "0", "-1", "", "9999999999"],
  "argument-groups": ["x", "0", "-1", "", "2"],
  "size-height": ["x", "0", "-1", "", "99999999999", "1e3", "2147483647"],
  "size-width": ["x", "0", "-1", "", "4294967301", "2.5"],
  paste: ["Conv2d(3, 2", "Conv3d(3, 2, 3)", "nonsense", "Conv2d(3, 2, kernel=3)", "Conv2d(3, 2, kernel_size=30)", "Conv2d(3, 2, 3) and more", "<b>Conv2d</b>"],
};

test("each field answers bad input beside it", () => withPage("", async (page) => {
  await cell(page, "Output, channel 1", 1, 1).click();
  await page.mouse.move(5, 5);
  const before = await state(page);
  for (const [id, texts] of Object.entries(fields)) {
    for (const text of texts) {
      const typed = id === "paste" && text === "" ? "?" : text;
      await type(page, id, typed);
      const sentence = await textOf(page, "#signature-problem");
      assert.ok(sentence.length > 10 && sentence.length < 300, `${id} '${text}': '${sentence}'`);
      assert.equal(await page.locator(`#${id}`).getAttribute("aria-invalid"), "true", `${id} '${text}'`);
      assert.deepEqual(await state(page), before, `${id} '${text}'`);
    }
    // Good again: the sentence goes.
    await page.evaluate(() => { location.hash = `${location.hash}&seed=0`; });
    await page.locator("#signature-problem", { hasText: /^$/ }).waitFor({ state: "attached" });
    assert.equal(await page.locator("[aria-invalid=true]").count(), 0);
  }
}));

test("a bias that is no number is refused", () => withPage("", async (page) => {
  for (const text of ["x", "", "0x10", "1e999", "1,5"]) {
    await type(page, "bias", text);
    assert.match(await textOf(page, ".bias .problem"), /number/, text);
    assert.equal(await page.locator("#bias").getAttribute("aria-invalid"), "true");
  }
  await type(page, "bias", "\u22122");
  assert.equal(await page.locator("#bias").getAttribute("aria-invalid"), "false");
}));

test("layers of other kinds of numbers are shown", () => withPage("", async (page) => {
  for (const [view, layer] of [["gradient", "Conv2d(3, 2, 3, dtype=torch.int32)"], ["slide", "Conv2d(3, 2, 3, dtype=torch.float64)"], ["gradient", "Conv2d(3, 2, 3, dtype=torch.complex64)"]]) {
    await page.locator(`#view-${view}`).click();
    await type(page, "paste", layer);
    await page.waitForTimeout(150);
  }
  await type(page, "paste", "Conv2d(3, 2, 3, dtype=torch.int32)");
  await eventually(async () => /gradients need/.test(await textOf(page, "#figure")), true);
}));

test("large layers keep every view alive", () => withPage(hashOf("Conv2d(16, 32, 3, padding=1)", [16, 32, 32]), async (page) => {
  for (const view of ["im2col", "matrix", "gradient", "cost", "slide"]) {
    await page.locator(`#view-${view}`).click();
    await page.waitForTimeout(200);
  }
  await page.mouse.move(1, 1);
  await eventually(async () => /^output\[0, 0, 0\]/.test(await textOf(page, "#sum")), true);
}));

const links = {
  "a layer that cannot be": hashOf("Conv2d(1, 1, 9)", [1, 3, 3]),
  "a layer that is none": hashOf("nonsense(", [1, 3, 3]),
  "an input of other channels": hashOf("Conv2d(3, 1, 1)", [1, 3, 3]),
  "an input too large": hashOf("Conv2d(1, 1, 1)", [1, 99999999999, 3]),
};

for (const [name, hash] of Object.entries(links)) {
  test(`a link to ${name} shows the first layer and says why`, () => withPage(hash, async (page) => {
    assert.match(await textOf(page, "#signature-problem"), /^the link shows what cannot be: .{10}/);
    assert.match(await textOf(page, ".makes"), /2 × 3 × 3/);
  }));
}

test("what else is wrong in a link is left out", async () => {
  for (const more of [{ at: "9,9,9" }, { at: "x" }, { view: "none" }, { seed: "-1" }, { seed: "1e99" }, { x: "99999:1;y:2;:;1" }, { b: "0:NaN" }, { w: "0:1e999" }]) {
    await withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3], more), async (page) => {
      assert.equal(await textOf(page, "#signature-problem"), "");
      assert.match(await textOf(page, "#sum"), /^output\[0, [01], [01]\]/);
    });
  }
});

test("a bad link in an open page says why and keeps the layer", () => withPage("", async (page) => {
  const before = await textOf(page, "#sum");
  await page.evaluate((hash) => { location.hash = hash; }, links["a layer that cannot be"]);
  await page.locator("#signature-problem", { hasText: "the link shows what cannot be" }).waitFor();
  assert.equal(await textOf(page, "#sum"), before);
  assert.ok(page.url().startsWith(address));
}));

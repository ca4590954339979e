// Pictures of the main states, for people to look at: build/web-screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./support/packages.mjs";
import { cell, hashOf, withPage } from "./support/page.mjs";

const out = join(root, "build/web-screenshots");
mkdirSync(out, { recursive: true });

const states = {
  first: ["", async () => {}],
  groups: [hashOf("Conv2d(4, 4, 3, padding=1, groups=2)", [4, 6, 6]), async () => {}],
  weight: ["", (page) => cell(page, "Filter 0, slice for input channel 1", 1, 1).click()],
  reflect: [hashOf("Conv2d(1, 1, 5, padding=2, padding_mode='reflect')", [1, 7, 7]), async () => {}],
  transposed: [hashOf("ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)", [1, 3, 3]), async () => {}],
  gradient: [hashOf("Conv2d(2, 2, 3)", [2, 5, 5], { view: "gradient" }), async () => {}],
  matrix: [hashOf("Conv2d(1, 1, 3)", [1, 5, 5], { view: "matrix" }), async () => {}],
  cost: [hashOf("Conv2d(3, 6, 5)", [3, 32, 32], { view: "cost" }), (page) => page.locator("#figure svg").waitFor()],
  refusal: ["", async (page) => {
    await page.locator("#argument-kernel_size").fill("9");
    await page.locator("#argument-kernel_size").press("Enter");
  }],
  prediction: ["", (page) => page.locator("#predict").click()],
  tied: [hashOf("Conv2d(1, 1, 3, padding=1, bias=False)", [1, 4, 4], { view: "matrix" }), async (page) => {
    await cell(page, "Filter 0, slice for input channel 0", 1, 2).click();
    await page.locator("#figure .links .tied").first().waitFor();
  }],
  tour: ["#tour=4", async () => {}],
  mistake: ["", async (page) => {
    await page.locator("#card-channels").click();
    await page.locator("#note [role=status]", { hasText: "456" }).waitFor();
  }],
  question: ["#quiz=1", (page) => page.locator("#quiz-hint").click()],
  picture: ["", async (page) => {
    await page.locator("#open-photo").click();
    await page.locator("#photo button.picture").waitFor();
    await page.locator("#photo button.picture").press("Shift+ArrowDown");
    await page.locator("#photo .inspector.shown").waitFor();
    await page.locator("#photo").scrollIntoViewIfNeeded();
  }],
};

for (const [name, [hash, prepare]] of Object.entries(states)) {
  test(`a picture of ${name}`, () => withPage(hash, async (page) => {
    await prepare(page);
    for (const width of [360, 768, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(100);
      const path = join(out, `${name}-${width}.png`);
      await (["tied", "question", "picture"].includes(name) ? page.screenshot({ path, fullPage: true }) : page.screenshot({ path }));
    }
    if (name === "first") {
      await page.locator("#theme").click();
      await page.screenshot({ path: join(out, `${name}-dark-1440.png`) });
    }
  }));
}

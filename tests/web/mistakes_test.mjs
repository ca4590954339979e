// Mistakes and questions: what they say is what the command line computes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { conv2d, explain } from "./support/command.mjs";
import { cell, eventually, hashOf, numbers, textOf, withPage } from "./support/page.mjs";

async function why(page, id) {
  await page.locator(`#card-${id}`).click();
  await eventually(async () => (await textOf(page, "#note [role=status]")).length > 0, true);
  return textOf(page, "#note [role=status]");
}

/** The numbers in a sentence, thousands without commas. */
const numbersIn = (text) => [...text.replaceAll(/(\d),(?=\d{3})/g, "$1").matchAll(/-?\d+(\.\d+)?/g)].map(([number]) => Number(number));

/** Whether they stand in the sentence, in their order. */
function says(text, expected) {
  const found = numbersIn(text);
  let from = 0;
  for (const number of expected) {
    const at = found.indexOf(number, from);
    assert.notEqual(at, -1, `${number} of ${expected.join(", ")} in: ${text}`);
    from = at + 1;
  }
}

/** What each card has to say, from the command line. */
const cards = {
  channels() {
    const { at, cost } = explain("Conv2d(3, 6, 5)", [3, 8, 8], [0, 0, 0]);
    assert.equal(cost.parameters, 456);
    assert.equal(at.channels.length, 3);
    return [6, 6, 3, 5, 5, 450, 6, 456];
  },
  filters: () => [2, ...explain("Conv2d(3, 2, 3)", [3, 5, 5]).weight],
  dilation: () => [1, 3, explain("Conv2d(1, 1, 3)", [1, 7, 7]).rows.extent, 2, explain("Conv2d(1, 1, 3, dilation=2)", [1, 7, 7]).rows.extent, 1],
  groups: () => [2, 0, 1, 4, ...["groups=2", "groups=1"].map((groups) => explain(`Conv2d(4, 4, 3, ${groups})`, [4, 5, 5]).cost.parameters)],
  flipped: () => [12, 180, 18],
  padding: () => [explain("Conv2d(1, 1, 3, padding=1)", [1, 5, 5]).output[1], explain("Conv2d(1, 1, 3)", [1, 5, 5]).output[1], 6, 4],
  stride: () => [4, 1, 1],
  "stride-parameters": () => [56, 1, ...[2, 1].map((stride) => explain(`Conv2d(3, 2, 3, stride=${stride})`, [3, 7, 7]).cost.multiply_adds)],
  pointwise: () => [3, 3, 2, explain("Conv2d(3, 2, 1)", [3, 4, 4]).cost.parameters],
  same: () => [4, 1, 2, 5, 5],
  transposed: () => [5, 5, 3, 3, 2],
  bias: () => [9, 2, 18, explain("Conv2d(1, 2, 3)", [1, 5, 5]).cost.unshared_parameters, explain("Conv2d(1, 2, 3)", [1, 5, 5]).cost.parameters],
  im2col: () => [explain("Conv2d(3, 6, 5)", [3, 12, 12]).cost.im2col_bytes],
};

test("every mistake is shown on a layer, in the command line's numbers", () => withPage("", async (page) => {
  const ids = await page.locator("[id^=card-]").evaluateAll((all) => all.map((card) => card.id.slice(5)));
  assert.deepEqual(ids.sort(), Object.keys(cards).sort());
  for (const [id, expected] of Object.entries(cards)) {
    const claim = await textOf(page, `#claim-${id}`);
    says(await why(page, id), expected());
    assert.ok((await textOf(page, "#note .note-title")).includes(claim), id);
    assert.equal(await page.evaluate(() => document.activeElement.className), "note-title");
    await page.getByRole("button", { name: "Back to the mistakes" }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), `card-${id}`);
  }
}));

test("the algorithm that a card names is the plan's", () => withPage("", async (page) => {
  const plan = conv2d("plan", "Conv2d(3, 6, 5)", "--input", "3x12x12");
  const named = /it takes '(\S+)'/.exec(await why(page, "im2col"))[1];
  assert.ok(plan.includes(named), `${named} in ${plan}`);
  assert.equal(await page.locator("#view-im2col").getAttribute("aria-selected"), "true");
}));

test("the sum of a card is on the stage", () => withPage("", async (page) => {
  const text = await why(page, "channels");
  const [, parts, bias, value] = /summed into one number: ([-\d +]+), and the bias (-?\d+), is (-?\d+)/.exec(text);
  const sum = parts.replaceAll("- ", "+ -").split("+").reduce((all, part) => all + Number(part), 0);
  assert.equal(sum + Number(bias), Number(value));
  assert.equal((await numbers(page, "Output, channel 0"))[0][0], Number(value));
}));

test("what scrolls under the pointer is not pointed at, until it moves", () => withPage("", async (page) => {
  for (const id of ["channels", "filters", "stride", "pointwise", "im2col"]) {
    await why(page, id);
    await page.waitForTimeout(200);
    assert.match(await textOf(page, "#sum"), /^output\[0, 0, 0\]/, id);
  }
  await cell(page, "Input, channel 0", 1, 1).hover();
  assert.match(await textOf(page, "#sum"), /^input\[0, 1, 1\]/);
}, { viewport: { width: 768, height: 900 } }));

test("another layer closes the note", () => withPage("", async (page) => {
  await why(page, "filters");
  await page.locator("#argument-out_channels").press("ArrowUp");
  assert.equal(await page.locator("#note").isVisible(), false);
}));

// ---- questions

const question = (page) => textOf(page, ".question");
const said = (page) => textOf(page, ".quiz-said");

async function fill(page, answers) {
  for (const [name, value] of Object.entries(answers)) {
    await page.locator(`[id="quiz-${name}"]`).fill(String(value));
  }
  await page.keyboard.press("Enter");
}

/** The layer and the input that a question is about. */
async function subject(page) {
  const layer = await textOf(page, ".question code");
  const sizes = / of (\d+) × (\d+) × (\d+) \(channels/.exec(await question(page));
  return { layer, input: sizes?.slice(1).map(Number) };
}

/** The sum of the window over the planes that the question shows. */
async function computed(page) {
  const [, p, q] = /output\[0, (\d+), (\d+)\]/.exec(await question(page)).map(Number);
  const input = await numbers(page, "Input of the question");
  const filter = await numbers(page, "Filter of the question");
  const bias = Number(/a bias of (-?[\d.]+)\?/.exec(await question(page))[1]);
  const { at } = explain((await subject(page)).layer, [1, input.length, input[0].length], [0, p, q]);
  return at.terms.filter((term) => term.input).reduce((sum, term) => sum + input[term.input.row][term.input.column] * filter[term.r][term.s], bias);
}

async function mark(page) {
  const [, p, q] = /output\[0, (\d+), (\d+)\]/.exec(await question(page)).map(Number);
  const { layer } = await subject(page);
  const { at } = explain(layer, [1, 5, 5], [0, p, q]);
  for (const term of at.terms.filter((each) => each.input)) {
    await cell(page, "Input of the question", term.input.row, term.input.column).click();
  }
  await page.locator("#quiz-check").click();
}

/** By the kind of the question: something wrong, and the right answer. */
const kinds = [
  {
    about: /How large is the output/,
    wrong: () => ({ channels: 1, rows: 1, columns: 99 }),
    async right(page) {
      const { layer, input } = await subject(page);
      const [channels, rows, columns] = explain(layer, input).output;
      return { channels, rows, columns };
    },
  },
  { about: /Which inputs does/, marks: true },
  { about: /How many parameters/, wrong: () => ({ parameters: 1 }), right: async (page) => ({ parameters: explain((await subject(page)).layer, await channelsOf(page)).cost.parameters }) },
  { about: /What is output/, wrong: () => ({ value: 12345 }), right: async (page) => ({ value: await computed(page) }) },
  {
    about: /writes a dilation of/,
    wrong: () => ({ dilation: 77, rows: 1 }),
    async right(page) {
      const [, from, written, kernel, to] = /(torch|oneDNN|CS231n) writes a dilation of (\d+) for a kernel of (\d+)\. What does (torch|oneDNN|CS231n)/.exec(await question(page));
      const steps = from === "torch" ? Number(written) : Number(written) + 1;
      const { rows } = explain(`Conv2d(1, 1, ${kernel}, dilation=${steps})`, [1, 18, 18]);
      return { dilation: to === "torch" ? steps : steps - 1, rows: rows.extent };
    },
  },
  {
    about: /How many multiply-adds/,
    wrong: () => ({ "multiply-adds": 1 }),
    async right(page) {
      const { layer } = await subject(page);
      const [rows, columns] = /The output is \d+ × (\d+) × (\d+)/.exec(await hint(page)).slice(1).map(Number);
      const [k, c, r, s] = explain(layer, await channelsOf(page)).weight;
      return { "multiply-adds": k * c * r * s * rows * columns };
    },
  },
];

async function hint(page) {
  await page.locator("#quiz-hint").click();
  return said(page);
}

/** An input that is large enough for the layer; its size does not count. */
async function channelsOf(page) {
  const [, channels] = /Conv2d\((\d+)/.exec((await subject(page)).layer);
  return [Number(channels), 16, 16];
}

for (const [number, kind] of kinds.entries()) {
  test(`question ${number} is answered by the command line`, () => withPage(`#quiz=${number}`, async (page) => {
    assert.equal(await textOf(page, "#quiz-number"), `Question ${number}`);
    assert.match(await question(page), kind.about);
    if (kind.marks) {
      await cell(page, "Input of the question", 4, 4).click();
      await page.locator("#quiz-check").click();
      assert.match(await said(page), /^Not yet: \d of the 1 that you marked/);
      await cell(page, "Input of the question", 4, 4).click();
      await mark(page);
    } else {
      await fill(page, kind.wrong());
      assert.match(await said(page), /^Not yet/);
      await fill(page, await kind.right(page));
    }
    assert.match(await said(page), /^✓ Right\./);
    assert.match(await textOf(page, "#quiz"), /0 of 1 right at the first try/);
    await page.locator("#quiz-see").click();
    assert.equal(await textOf(page, "#note .note-title"), `Question ${number}`);
  }));
}

test("a question that is left gives way to the next, and its link says which", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page) => {
  await page.locator("#quiz-check").click();
  assert.equal(await said(page), "Every field takes a number.");
  await page.locator("#quiz-rows").fill("many");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#quiz-rows").getAttribute("aria-invalid"), "true");
  await page.locator("#quiz-reveal").click();
  const { layer, input } = await subject(page);
  const [channels, rows, columns] = explain(layer, input).output;
  assert.ok((await said(page)).startsWith(`channels ${channels}, rows ${rows}, columns ${columns}.`));
  await page.locator("#quiz-next").click();
  assert.equal(await textOf(page, "#quiz-number"), "Question 1");
  assert.equal(await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("quiz")), "1");
}));

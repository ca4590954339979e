// What a learner does on the page, with every number checked against the command line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { conv2d, explain } from "./support/command.mjs";
import { cell, eventually, hashOf, numbers, textOf, type, withPage } from "./support/page.mjs";

const layer = "Conv2d(3, 2, kernel_size=3, stride=2, padding=1)";
const guide = [[12, 12, 17], [10, 17, 19], [9, 6, 14]];

test("the first screen holds one example", () => withPage("", async (page) => {
  assert.equal(await page.title(), "Conv2d, number by number");
  const { output } = explain(layer, [3, 5, 5]);
  assert.equal(await textOf(page, ".makes"), `makes ${output.join(" \u00D7 ")}`);
  assert.equal(await page.locator("#inputs [role=grid]").count(), 3);
  assert.equal(await page.locator("#filters [role=grid]").count(), 3);
  assert.equal(await page.locator("#outputs [role=grid]").count(), 2);
}));

test("channels are summed into one output: the partial sums add up to it", () => withPage("", async (page) => {
  const partials = (await page.locator(".partial").allInnerTexts()).map((text) => Number(text.replace("adds ", "").replace("\u2212", "-")));
  const bias = Number((await page.locator("#bias").inputValue()).replace("\u2212", "-"));
  assert.equal(partials.length, 3);
  assert.equal(partials.reduce((a, b) => a + b) + bias, (await numbers(page, "Output, channel 0"))[0][0]);
}));

test("groups run from the standard convolution to depthwise", () => withPage(hashOf("Conv2d(4, 4, 3, padding=1)", [4, 5, 5]), async (page) => {
  for (const [groups, slices] of [[2, 2], [4, 1], [1, 4]]) {
    await type(page, "argument-groups", String(groups));
    assert.equal(await page.locator("#filters [role=grid]").count(), slices);
    assert.equal(await page.locator("figure.grouped").count() > 0, groups > 1);
    const { cost } = explain(`Conv2d(4, 4, 3, padding=1, groups=${groups})`, [4, 5, 5]);
    await eventually(async () => (await page.locator("#figure").textContent()).includes(`${cost.parameters} parameters`), true);
  }
}));

test("roles and groups have the colours of the figures, on either ground", () => withPage(hashOf("Conv2d(4, 4, 3, groups=2)", [4, 4, 4]), async (page) => {
  const border = (selector) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).borderTopColor);
  for (const turn of [false, true]) {
    if (turn) {
      await page.locator("#theme").click();
    }
    const drawn = () => page.locator("#figure svg :is(rect, path)").evaluateAll((shapes) => [...new Set(shapes.map((shape) => getComputedStyle(shape).stroke))]);
    const planes = ["#inputs .group-0", "#outputs .group-1", ".plane.input", ".plane.weight", ".plane.output"];
    for (const plane of planes) {
      const color = await border(plane);
      await eventually(async () => (await drawn()).includes(color), true);
    }
  }
}));

test("pointing at an output shows its terms and sum, in digits that add up", () => withPage("", async (page) => {
  await cell(page, "Output, channel 1", 2, 1).hover();
  const { at } = explain(layer, [3, 5, 5], [1, 2, 1]);
  const text = await textOf(page, "#sum");
  const value = (await numbers(page, "Output, channel 1"))[2][1];
  assert.match(text, new RegExp(`^output\\[1, 2, 1\\] = ${value} ${at.counting} products and the bias`));
  const channels = [...text.matchAll(/channel (\d+): ([-\d·+() ]+) = (-?\d+)/g)];
  assert.equal(channels.length, at.channels.length);
  for (const [i, [, , products, sum]] of channels.entries()) {
    const terms = products.split("+").map((product) => product.split("\u00B7").map((number) => Number(number.replace(/[()]/g, ""))));
    assert.equal(terms.length, at.channels[i].terms);
    assert.equal(terms.reduce((all, [x, w]) => all + x * w, 0), Number(sum));
  }
  const [, total, bias] = /and the bias: (-?\d+) \+ \(?(-?\d+)\)?/.exec(text);
  assert.equal(Number(total) + Number(bias), value);
  assert.equal(channels.reduce((all, [, , , sum]) => all + Number(sum), 0), Number(total));
}));

test("the guide's numbers come out", () => withPage(hashOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]), async (page) => {
  assert.deepEqual(await numbers(page, "Output, channel 0"), guide);
}));

test("the outputs are hidden until their sizes are predicted", () => withPage("", async (page) => {
  await page.locator("#predict").click();
  assert.equal(await page.locator("#outputs [role=grid]").first().isVisible(), false);
  assert.equal(await textOf(page, ".where"), "1 of ?");
  assert.match(await textOf(page, ".makes"), /\?/);
  assert.match(await textOf(page, "#figure"), /Hidden/);
  const [k, p, q] = explain(layer, [3, 5, 5]).output;
  const answer = async (...given) => {
    for (const [i, name] of ["channels", "rows", "columns"].entries()) {
      await page.locator(`#predict-${name}`).fill(String(given[i]));
    }
    await page.locator("#predict-columns").press("Enter");
    return textOf(page, "#prediction [role=status]");
  };
  assert.match(await answer(k, "many", q), /whole numbers.*'many'/);
  assert.match(await answer(k, p + 1, q), /Not yet.*rows.*\?/);
  assert.doesNotMatch(await textOf(page, "#prediction [role=status]"), new RegExp(`= ${p}\\.`));
  assert.match(await answer(k, p, q), /^Right: 2 × 3 × 3/);
  assert.notEqual((await numbers(page, "Output, channel 0"))[0][0], null);
  assert.match(await textOf(page, ".makes"), /2 × 3 × 3/);
}));

test("rows that no window reads are crossed out and never read", () => withPage(hashOf("Conv2d(1, 1, 3, stride=3, padding=1)", [1, 6, 5]), async (page) => {
  const { rows, columns } = explain("Conv2d(1, 1, 3, stride=3, padding=1)", [1, 6, 5]);
  const read = (axis) => (axis.output - 1) * axis.stride + axis.extent;
  assert.equal(await page.locator("#inputs .unread").count(), rows.padded * columns.padded - read(rows) * read(columns));
  assert.match(await cell(page, "Input, channel 0", 7, 1).getAttribute("aria-label"), /never read/);
}));

test("pointing at an input shows every output that it is in", () => withPage("", async (page) => {
  await cell(page, "Input, channel 1", 3, 3).hover();
  const text = await textOf(page, "#sum");
  assert.match(text, /^input\[1, 2, 2\] = 3 is in 2 products of 2 outputs\./);
  assert.equal(await page.locator("#outputs .tied").count(), 2);
  await cell(page, "Input, channel 1", 2, 2).hover();
  assert.match(await textOf(page, "#sum"), /is in 8 products of 8 outputs/);
}));

test("pointing at a weight shows every output that it is in", () => withPage("", async (page) => {
  await cell(page, "Filter 0, slice for input channel 2", 0, 0).hover();
  assert.match(await textOf(page, "#sum"), /^weight\[0, 2, 0, 0\] = 1 is in 4 products of 4 outputs\./);
  assert.equal(await page.locator("#outputs .tied").count(), 4);
  assert.equal(await page.locator("#inputs .tied").count(), 4);
}));

test("a pin stays when the pointer leaves", () => withPage("", async (page) => {
  await cell(page, "Output, channel 0", 1, 1).click();
  await cell(page, "Output, channel 0", 0, 0).hover();
  assert.match(await textOf(page, "#sum"), /^output\[0, 0, 0\]/);
  await page.locator("h1").hover();
  assert.match(await textOf(page, "#sum"), /^output\[0, 1, 1\]/);
  await cell(page, "Filter 0, slice for input channel 0", 1, 1).click();
  await page.locator("h1").hover();
  assert.match(await textOf(page, "#sum"), /^weight\[0, 0, 1, 1\]/);
}));

test("gradients add up, and follow the output's", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3], { view: "gradient" }), async (page) => {
  const weights = await numbers(page, "Filter 0, slice for input channel 0");
  const inputs = await numbers(page, "Input, channel 0");
  const dx = await numbers(page, "dX, channel 0");
  assert.equal(dx[1][1], weights.flat().reduce((a, b) => a + b));
  assert.equal(dx[0][0], weights[0][0]);
  const dw = await numbers(page, "dW, filter 0, channel 0");
  assert.equal(dw[0][0], inputs[0][0] + inputs[0][1] + inputs[1][0] + inputs[1][1]);
  await cell(page, "dY, channel 0", 0, 0).dblclick();
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  assert.equal((await numbers(page, "dX, channel 0"))[0][0], 3 * weights[0][0]);
  await page.getByRole("button", { name: "Only the pinned output" }).click();
  await eventually(async () => (await numbers(page, "dX, channel 0"))[2][2], 0);
  assert.match(await textOf(page, ".gradients"), /db 1/);
}));

test("a layer becomes its transpose, and output_padding chooses among sizes", () => withPage(hashOf("Conv2d(1, 1, 3, stride=2, padding=1)", [1, 3, 3]), async (page) => {
  await page.locator("#layer-type").selectOption("ConvTranspose2d");
  for (const extra of [0, 1]) {
    await type(page, "argument-output_padding", String(extra));
    const { output } = explain(`ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=${extra})`, [1, 3, 3]);
    assert.equal(await textOf(page, ".makes"), `makes ${output.join(" \u00D7 ")}`);
  }
  assert.equal(await page.locator("#inputs .gap").count() > 0, true);
  await type(page, "argument-output_padding", "2");
  assert.match(await textOf(page, "#signature-problem"), /output_padding/);
  await page.locator("#view-matrix").click();
  await page.locator("#figure svg", { hasText: "It is the transpose of the matrix of the Conv2d with the same weights." }).waitFor();
}));

test("padding modes say from where a border value is read", () => withPage(hashOf("Conv2d(1, 1, 3, padding=1)", [1, 4, 4]), async (page) => {
  for (const [mode, counting, arrows] of [["zeros", 4, 0], ["reflect", 9, 2], ["replicate", 9, 2], ["circular", 9, 2]]) {
    await page.locator("#argument-padding_mode").selectOption(mode);
    const { at } = explain(`Conv2d(1, 1, 3, padding=1, padding_mode='${mode}')`, [1, 4, 4], [0, 0, 0]);
    assert.equal(at.counting, counting);
    assert.match(await textOf(page, "#sum"), new RegExp(`${counting} products`));
    assert.equal(await page.locator("#inputs .arcs path").count(), arrows, mode);
  }
  await page.locator("#argument-padding_mode").selectOption("zeros");
  await type(page, "argument-padding", "4");
  await page.locator("#argument-padding_mode").selectOption("reflect");
  assert.match(await textOf(page, "#signature-problem"), /reflect/);
  assert.equal(await page.locator("#argument-padding_mode").getAttribute("aria-invalid"), "true");
}));

test("dilation spreads the taps", () => withPage(hashOf("Conv2d(1, 1, 3)", [1, 7, 7]), async (page) => {
  await type(page, "argument-dilation", "2");
  const { at } = explain("Conv2d(1, 1, 3, dilation=2)", [1, 7, 7], [0, 0, 0]);
  const taps = await page.locator("#inputs .tap").evaluateAll((cells) => cells.map((cell) => [Number(cell.dataset.row), Number(cell.dataset.column)]));
  assert.deepEqual(taps, at.terms.map((term) => [term.row, term.column]));
  const { rows } = explain("Conv2d(1, 1, 3, dilation=2)", [1, 7, 7]);
  assert.equal(await textOf(page, "#dilation-habits"), `dilation 2 in torch is 1 in oneDNN and in CS231n: 1 place left out between taps; the window covers ${rows.extent} × ${rows.extent}.`);
  await type(page, "argument-dilation", "1");
  assert.match(await textOf(page, "#dilation-habits"), /^dilation 1 in torch is 0 in oneDNN and in CS231n: no place/);
}));

test("the views are the layer as im2col, as a matrix, and its cost", () => withPage(hashOf("Conv2d(1, 2, 2)", [1, 3, 3]), async (page) => {
  for (const [view, says] of [["im2col", /im2col|columns/i], ["matrix", /matrix/i], ["cost", /multiply-adds/], ["slide", /filter 0/]]) {
    await page.locator(`#view-${view}`).click();
    await eventually(async () => says.test(await page.locator("#figure svg").textContent()), true);
    assert.equal(await page.locator(`#view-${view}`).getAttribute("aria-selected"), "true");
  }
}));

test("the cost is the command line's", () => withPage(hashOf("Conv2d(3, 6, 5)", [3, 32, 32], { view: "cost" }), async (page) => {
  const { cost } = explain("Conv2d(3, 6, 5)", [3, 32, 32]);
  assert.equal(cost.multiply_adds, 352800);
  await page.locator("#figure svg").waitFor();
  const text = await page.locator("#figure svg").textContent();
  for (const number of [cost.parameters, cost.multiply_adds, cost.im2col_bytes]) {
    assert.ok(text.includes(number.toLocaleString("en-US")), `${number} in ${text}`);
  }
  const [algorithm] = /algorithm: \w+/.exec(conv2d("plan", "Conv2d(3, 6, 5)", "--input", "3x32x32"));
  assert.ok(text.includes(algorithm), `${algorithm} in ${text}`);
  assert.match(text, /not taken: \w+ \(/);
}));

test("walking shows outputs one by one, at the speed that is chosen", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3]), async (page) => {
  await page.locator("#on").click();
  assert.equal(await textOf(page, ".where"), "2 of 4");
  assert.deepEqual((await numbers(page, "Output, channel 0"))[1], [null, null]);
  await page.locator("#all").click();
  assert.equal((await numbers(page, "Output, channel 0")).flat().includes(null), false);
  await page.locator("#speed").selectOption("4");
  await page.locator("#play").click();
  await eventually(() => textOf(page, ".where"), "4 of 4");
  await page.locator("#play").click();
  const stopped = await textOf(page, ".where");
  await page.waitForTimeout(400);
  assert.equal(await textOf(page, ".where"), stopped);
}));

test("an edited number changes what depends on it", () => withPage(hashOf("Conv2d(1, 1, 2, bias=False)", [1, 3, 3]), async (page) => {
  const before = await numbers(page, "Output, channel 0");
  const [[weight]] = await numbers(page, "Filter 0, slice for input channel 0");
  const [[input]] = await numbers(page, "Input, channel 0");
  await cell(page, "Input, channel 0", 0, 0).dblclick();
  await page.keyboard.type("-2.5");
  await page.keyboard.press("Enter");
  const after = await numbers(page, "Output, channel 0");
  assert.equal(after[0][0], before[0][0] + (-2.5 - input) * weight);
  assert.deepEqual(after[1], before[1]);
}));

test("turned kernels make a true convolution", () => withPage(hashOf("Conv2d(1, 1, 3, bias=False)", [1, 5, 5]), async (page) => {
  const filter = await numbers(page, "Filter 0, slice for input channel 0");
  await page.locator("#flip").click();
  assert.deepEqual(await numbers(page, "Output, channel 0"), [[18, 20, 19], [10, 9, 17], [11, 8, 14]]);
  assert.deepEqual(await numbers(page, "Filter 0, slice for input channel 0"), filter.map((row) => [...row].reverse()).reverse());
  assert.match(await textOf(page, "#tools .said"), /180°: true convolution.*7 of 9 outputs changed; output\[0, 0, 0\] was 12 and is 18/);
  await page.locator("#flip").click();
  assert.deepEqual(await numbers(page, "Output, channel 0"), guide);
  assert.match(await textOf(page, "#tools .said"), /cross-correlation/);
}));

/** Where the figure has marked an element for the n-th time, from the figure's corner. */
async function spot(page, mark, n) {
  const boxes = await page.locator(`#figure .links ${mark}`).evaluateAll((all) => all.map((rect) => rect.getBoundingClientRect().toJSON()));
  const corner = await page.locator("#figure svg").evaluate((svg) => svg.getBoundingClientRect().toJSON());
  const { x, y, width, height } = boxes[n];
  return { position: { x: x - corner.x + width / 2, y: y - corner.y + height / 2 } };
}

test("matrices are tied to the stage: what is looked at here is marked there, and back", () => withPage(hashOf("Conv2d(1, 2, 2, bias=False)", [1, 3, 3], { view: "matrix" }), async (page) => {
  // A weight stands in the matrix once for each output that it makes.
  await cell(page, "Filter 0, slice for input channel 0", 0, 1).click();
  await eventually(() => page.locator("#figure .links .own.weight").count(), 4);
  assert.equal(await page.locator("#figure .links .tied.output").count(), 4);
  // The other way: the third of them is in the sum of the output that its row makes.
  const third = await spot(page, ".own.weight", 2);
  await cell(page, "Output, channel 0", 0, 0).click();
  await eventually(() => page.locator("#figure .links .own.weight").count(), 0);
  await page.locator("#figure svg").hover(third);
  await eventually(async () => /^weight\[0, 0, 0, 1\] = .* is in 4 products/.test(await textOf(page, "#sum")), true);
  await page.locator("#figure svg").click(third);
  await page.locator("h1").hover();
  assert.match(await textOf(page, "#sum"), /^weight\[0, 0, 0, 1\]/);
  assert.equal(await page.locator("#outputs .tied").count(), 4);
}));

test("an input is as often in im2col as there are windows that read it", () => withPage(hashOf("Conv2d(1, 1, 2)", [1, 3, 3], { view: "im2col" }), async (page) => {
  await cell(page, "Input, channel 0", 1, 1).hover();
  // Four windows read the middle, and the plane beside the matrix has it once.
  await eventually(() => page.locator("#figure .links .own.input").count(), 5);
  await cell(page, "Input, channel 0", 0, 0).hover();
  await eventually(() => page.locator("#figure .links .own.input").count(), 2);
}));

test("the first example moves by itself, until something is done", () => withPage("", async (page) => {
  await eventually(async () => (await textOf(page, ".where")) === "1 of 18", false);
  assert.equal((await numbers(page, "Output, channel 1")).flat().every((number) => number === null), true);
  await page.locator("h1").click();
  assert.equal(await textOf(page, "#play"), "Play");
  assert.equal((await numbers(page, "Output, channel 1")).flat().includes(null), false);
}, { reducedMotion: "no-preference" }));

test("the first example's own buttons pause it", () => withPage("", async (page) => {
  await eventually(async () => (await textOf(page, ".where")) === "1 of 18", false);
  await page.locator("#play").click();
  assert.equal(await textOf(page, "#play"), "Play");
  assert.equal((await numbers(page, "Output, channel 0")).flat().includes(null), true);
}, { reducedMotion: "no-preference" }));

test("pointing at an argument shows where it acts", () => withPage("", async (page) => {
  const acting = () => page.locator("#stage .acts").evaluateAll((all) => all.map((element) => element.getAttribute("aria-label") ?? element.className));
  const cells = async (argument) => {
    await page.locator(`label[for=argument-${argument}]`).hover();
    return acting();
  };
  assert.equal((await cells("padding")).length, 3 * (7 * 7 - 5 * 5));
  assert.deepEqual((await cells("out_channels")), ["Output, channel 0", "Output, channel 1"]);
  assert.equal((await cells("kernel_size")).length, 3);
  await cells("stride");
  const columns = await page.locator("#inputs .acts").evaluateAll((all) => all.map((cell) => Number(cell.dataset.column)));
  assert.deepEqual([...new Set(columns)], [2, 3, 4]);
  await page.locator("h1").hover();
  assert.deepEqual(await acting(), []);
  await page.locator("#argument-dilation").focus();
  assert.equal((await acting()).length, 3 * 9);
  await page.locator("#layer-type").selectOption("ConvTranspose2d");
  await type(page, "argument-output_padding", "1");
  assert.equal((await cells("output_padding")).length, 2 * (10 + 9));
}));

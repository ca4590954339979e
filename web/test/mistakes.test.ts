// Each card opens a layer and says why, in numbers of the engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mistakes } from "../src/mistakes";
import { opened } from "./opened";

/** A part of the sentence that would not be there if a number were another. */
const said: Record<string, RegExp> = {
  channels: /6 filters, each of 3 × 5 × 5 weights.*456 parameters/,
  filters: /out_channels=2 .* 2 × 3 × 3 × 3, one filter for each of the 2 output channels/,
  dilation: /cover 3 rows.*dilation=2, which covers 5.*call that 1/,
  groups: /channels 0 and 1 of 4.*76 parameters instead of 148/,
  flipped: /first output is 12\. .*would be 18/,
  padding: /has 5 rows, where it had 3/,
  stride: /= 4\. .*1 row and 1 column/,
  "stride-parameters": /56 parameters either way \(56/,
  pointwise: /adds 3 products.*3 channels become 2/,
  same: /1 row of padding above and 2 below, so that 5 rows stay 5/,
  transposed: /began 3, 3, 2; .* of 25 agree/,
  bias: /All 9 outputs.*2 biases and 18 weights.*180 parameters instead of 20/,
  im2col: /19,200 bytes, 11\.1 times.*takes '\w+'/,
};

for (const mistake of mistakes) {
  test(mistake.claim, async () => {
    const app = await opened();
    app.open(mistake.setup(app));
    const before = app.values.output;
    const sentence = await mistake.why(app, async () => app.engine);
    assert.match(sentence, said[mistake.id]);
    assert.doesNotMatch(sentence, /undefined|NaN/);
    assert.deepEqual(app.engine.values("output"), before, "what was read aside left the layer open");
  });
}

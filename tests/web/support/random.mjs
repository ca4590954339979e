// Layers drawn by a seed, so that what failed once can be seen again.

export class Random {
  constructor(seed) {
    this.seed = seed >>> 0;
    this.state = this.seed;
  }
  /** Mulberry32, of 32 bits. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(count) {
    return this.next() % count;
  }
  between(least, most) {
    return least + this.below(most - least + 1);
  }
  real() {
    return (this.next() / 2 ** 31 - 1) * 10 ** this.between(-3, 2);
  }
  pick(list) {
    return list[this.below(list.length)];
  }
}

function pair(random, least, most) {
  return [random.between(least, most), random.between(least, most)];
}

const python = (two) => `(${two.join(", ")})`;

function channels(random) {
  const groups = random.pick([1, 1, 2, 3]);
  return { groups, inputs: groups * random.between(1, 3), outputs: groups * random.between(1, 3) };
}

function convolution(random) {
  const { groups, inputs, outputs } = channels(random);
  const kernel = pair(random, 1, 4);
  const dilation = pair(random, 1, 2);
  const mode = random.pick(["zeros", "reflect", "replicate", "circular"]);
  const padding = random.below(4) === 0 ? "'same'" : python(pair(random, 0, 2));
  const stride = padding === "'same'" ? [1, 1] : pair(random, 1, 3);
  const input = [inputs, ...kernel.map((size, i) => (size - 1) * dilation[i] + random.between(3, 6))];
  return {
    layer: `Conv2d(${inputs}, ${outputs}, ${python(kernel)}, stride=${python(stride)}, padding=${padding}, dilation=${python(dilation)}, groups=${groups}, bias=${random.pick(["True", "False"])}, padding_mode='${mode}')`,
    input,
  };
}

function transposed(random) {
  const { groups, inputs, outputs } = channels(random);
  const stride = pair(random, 1, 3);
  const kernel = pair(random, 2, 4);
  return {
    layer: `ConvTranspose2d(${inputs}, ${outputs}, ${python(kernel)}, stride=${python(stride)}, padding=${random.below(2)}, output_padding=${python(stride.map((size) => random.below(size)))}, groups=${groups}, bias=${random.pick(["True", "False"])})`,
    input: [inputs, ...pair(random, 2, 5)],
  };
}

/** A small layer that can be, and an input for it. */
export function randomLayer(random) {
  return random.below(3) === 0 ? transposed(random) : convolution(random);
}

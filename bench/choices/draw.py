"""Layers drawn at random, as oneDNN's problem descriptors."""

import dataclasses
import math

KERNELS = ((1, 1), (1, 1), (1, 1), (3, 3), (3, 3), (3, 3), (5, 5), (7, 7), (1, 3), (3, 1), (2, 2), (4, 4), (1, 7))


@dataclasses.dataclass(frozen=True)
class Layer:
    """One image."""

    groups: int
    inputs: int
    outputs: int
    size: tuple  # of the input: height, width
    kernel: tuple
    stride: int
    padding: tuple

    def output(self):
        return tuple(
            (size + 2 * padding - kernel) // self.stride + 1
            for size, kernel, padding in zip(self.size, self.kernel, self.padding)
        )

    def multiply_adds(self):
        return math.prod(self.output()) * self.outputs * self.inputs // self.groups * math.prod(self.kernel)

    def kind(self):
        """Of its taps and groups."""
        return f"{'1x1' if self.kernel == (1, 1) else 'taps'}{', groups' if self.groups > 1 else ''}"

    def line(self):
        axes = [
            f"i{name}{size}o{name}{output}k{name}{kernel}s{name}{self.stride}p{name}{padding}"
            for name, size, output, kernel, padding in zip("hw", self.size, self.output(), self.kernel, self.padding)
        ]
        return f"g{self.groups}mb1ic{self.inputs}oc{self.outputs}{''.join(axes)}"


def spread(random, least, most):
    """As often between 1 and 2 as between 100 and 200."""
    return int(math.exp(random.uniform(math.log(least), math.log(most + 0.999))))


def channels(random, groups):
    """Half of them multiples of 8 as in most networks."""
    count = spread(random, 1, 1024)
    count = -(-count // 8) * 8 if random.random() < 0.5 else count
    return max(1, count // groups) * groups


def candidate(random):
    groups = random.choice((2, 4, 8, 32)) if random.random() < 0.15 else 1
    height = 1 if random.random() < 0.1 else spread(random, 1, 256)
    width = height if random.random() < 0.8 else spread(random, 1, 512)
    kernel = random.choice(KERNELS)
    same = random.random() < 0.8
    return Layer(
        groups=groups,
        inputs=channels(random, groups),
        outputs=channels(random, groups),
        size=(height, width),
        kernel=kernel,
        stride=1 if random.random() < 0.75 else 2,
        padding=tuple((side - 1) // 2 if same else 0 for side in kernel),
    )


def layers(random, count, most_multiply_adds):
    """So many of which none takes too long."""
    drawn = []
    while len(drawn) < count:
        layer = candidate(random)
        elements = layer.inputs * math.prod(layer.size)
        if min(layer.output()) > 0 and layer.multiply_adds() <= most_multiply_adds and elements <= 4_000_000:
            drawn.append(layer)
    return drawn

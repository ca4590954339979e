"""Initial weights: for the same manual_seed, the same bits as PyTorch's."""

import dataclasses
import os
import random
import subprocess
import sys
import tempfile
import unittest
from typing import Any

import conv2d_oracle as library
import torch

import bridge
from comparing import require_equal_bits
from configuration import FLOATS
from layouts import LAYOUTS, lay_out
from running import fresh_seed

# Run as a program, this file is the PyTorch whose kernels round twice: see write_weights.
ROUNDS_TWICE = {"ATEN_CPU_CAPABILITY": "default"}


@dataclasses.dataclass(frozen=True)
class Layer:
    """What initial weights depend on."""

    name: str
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, int]
    groups: int
    bias: bool
    dtype: str

    def of(self, module: Any, dtype: Any) -> Any:
        """The layer as `module` (torch.nn or our library) makes it."""
        make = getattr(module, self.name)
        keywords = {"groups": self.groups, "bias": self.bias, "dtype": dtype}
        return make(self.in_channels, self.out_channels, self.kernel_size, **keywords)

    def ours(self) -> dict[str, torch.Tensor]:
        return bridge.parameters(self.of(library, self.dtype))

    def theirs(self) -> dict[str, torch.Tensor]:
        layer = self.of(torch.nn, getattr(torch, self.dtype))
        return {name: parameter.detach() for name, parameter in layer.named_parameters()}


@dataclasses.dataclass(frozen=True)
class Stack:
    """Layers made one after the other from one seed."""

    seed: int
    layers: tuple[Layer, ...]

    def ours(self, fused: bool = True) -> list[dict[str, torch.Tensor]]:
        library.manual_seed(self.seed, fused)
        return [layer.ours() for layer in self.layers]

    def theirs(self) -> list[dict[str, torch.Tensor]]:
        torch.manual_seed(self.seed)
        return [layer.theirs() for layer in self.layers]


def draw_layer(rng: random.Random) -> Layer:
    groups = rng.choice((1, 1, 2, 3, 4))
    return Layer(
        name=rng.choice(("Conv2d", "ConvTranspose2d")),
        in_channels=groups * rng.randint(1, 9),
        out_channels=groups * rng.randint(1, 9),
        kernel_size=(rng.randint(1, 7), rng.randint(1, 7)),
        groups=groups,
        bias=rng.random() < 0.8,
        dtype=rng.choice(FLOATS),
    )


def draw_stacks(seed: int, count: int) -> list[Stack]:
    rng = random.Random(seed)
    return [
        Stack(rng.choice((0, 1, 42, 2**32 - 1, rng.getrandbits(32), rng.getrandbits(63))),
              tuple(draw_layer(rng) for _ in range(rng.randint(1, 3))))
        for _ in range(count)
    ]


def require_equal_parameters(stack: Stack, ours: Any, theirs: Any) -> None:
    for layer, our, their in zip(stack.layers, ours, theirs, strict=True):
        if our.keys() != their.keys():
            raise AssertionError(f"{layer} has {list(our)}, torch's {list(their)}")
        for name in their:
            require_equal_bits(f"{name} of {layer} in {stack}", our[name], their[name])


def write_weights(seed: int, count: int, path: str) -> None:
    """What this PyTorch draws; run with ROUNDS_TWICE in the environment."""
    torch.save([stack.theirs() for stack in draw_stacks(seed, count)], path)


class InitialWeights(unittest.TestCase):
    def setUp(self) -> None:
        self.seed = fresh_seed()

    def test_as_pytorch_draws_them(self) -> None:
        stacks = draw_stacks(self.seed, 500)
        print(f"fused rounding: {len(stacks)} stacks of layers, CONV2D_TEST_SEED={self.seed}")
        for stack in stacks:
            require_equal_parameters(stack, stack.ours(), stack.theirs())

    def test_as_pytorch_draws_them_without_fused_kernels(self) -> None:
        count = 300
        print(f"separate rounding: {count} stacks of layers, CONV2D_TEST_SEED={self.seed}")
        with tempfile.NamedTemporaryFile(suffix=".pt") as file:
            arguments = [str(self.seed), str(count), file.name]
            subprocess.run([sys.executable, __file__, *arguments], env=os.environ | ROUNDS_TWICE, check=True)
            theirs = torch.load(file.name)
        differ_from_fused = 0
        for stack, expected in zip(draw_stacks(self.seed, count), theirs, strict=True):
            ours = stack.ours(fused=False)
            require_equal_parameters(stack, ours, expected)
            for one, other in zip(ours, stack.ours()):
                differ_from_fused += sum(int((one[name] != other[name]).sum()) for name in one)
        self.assertGreater(differ_from_fused, 1000, "the two roundings must not be one")

    def test_a_process_that_never_seeds_starts_as_a_new_generator_does(self) -> None:
        program = (
            "import bridge, conv2d_oracle, torch; from comparing import require_equal_bits as require;"
            "ours = bridge.take(conv2d_oracle.Conv2d(3, 6, 5).weight());"
            "torch.manual_seed(torch.Generator().initial_seed());"
            "require('weight', ours, torch.nn.Conv2d(3, 6, 5).weight.detach())"
        )
        path = os.pathsep.join((os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")))
        subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": path}, check=True)

    def test_a_lazy_layer_draws_at_its_first_input(self) -> None:
        rng = random.Random(self.seed)
        for _ in range(50):
            channels, out_channels, kernel = rng.randint(1, 5), rng.randint(1, 5), rng.randint(1, 3)
            input = torch.zeros(1, channels, 5, 5)
            torch.manual_seed(1)
            theirs = torch.nn.LazyConv2d(out_channels, kernel)
            theirs(input)
            library.manual_seed(1, True)
            ours = library.LazyConv2d(out_channels, kernel)
            self.assertFalse(ours.initialized())
            ours(bridge.give(input))
            for name, parameter in bridge.parameters(ours.layer()).items():
                require_equal_bits(name, parameter, getattr(theirs, name).detach())

    def test_uniform_values_fill_any_strides_in_pytorchs_order(self) -> None:
        rng = random.Random(self.seed)
        for dtype in FLOATS:
            for layout in LAYOUTS[:-1]:  # an expanded tensor has no memory of its own to fill
                seed, sizes = rng.getrandbits(32), [rng.randint(1, 5) for _ in range(4)]
                theirs = lay_out(torch.zeros(sizes, dtype=getattr(torch, dtype)), layout, seed)
                ours = lay_out(torch.zeros(sizes, dtype=getattr(torch, dtype)), layout, seed)
                parts = torch.view_as_real(theirs) if theirs.is_complex() else theirs
                parts.uniform_(-0.3, 0.7, generator=torch.Generator().manual_seed(seed))
                library.fill_uniform(bridge.give(ours), seed, -0.3, 0.7)
                require_equal_bits(f"{dtype}, {layout}, sizes {sizes}, seed {seed}", ours, theirs)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1].isdigit():
        write_weights(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    else:
        unittest.main()

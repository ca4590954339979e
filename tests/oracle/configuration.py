"""One convolution with everything that can be chosen about it, drawn at random, and its tensors.

A Configuration prints as the Python line that makes it again.
"""

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

import torch

from bridge import Mask, everything, there_and_back
from layouts import LAYOUTS, lay_out

Pair = tuple[int, int]
Sides = tuple[int, int, int, int]
Padding = Union[str, Pair, Sides]

FLOATS = ("float32", "float64", "bfloat16", "float16", "complex64", "complex128")
INTEGERS = ("int8", "uint8", "int32")


@dataclasses.dataclass(frozen=True, repr=False)
class Configuration:
    function: str = "conv2d"
    dtype: str = "float32"
    batch: Optional[int] = 1
    in_channels: int = 1
    out_channels: int = 1
    groups: int = 1
    size: Pair = (1, 1)
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Padding = (0, 0)
    dilation: Pair = (1, 1)
    output_padding: Pair = (0, 0)
    padding_mode: str = "zeros"
    bias: bool = False
    precision: str = "exact"
    input_layout: str = "contiguous"
    weight_layout: str = "contiguous"
    bias_layout: str = "contiguous"
    grad_layout: str = "contiguous"
    wanted: Mask = everything
    flowing: Mask = everything  # which gradients of gradients there are
    seed: int = 0

    def __repr__(self) -> str:
        """The Python line that makes it, without what is as by default."""
        fields = dataclasses.fields(self)
        given = {field.name: getattr(self, field.name) for field in fields}
        changed = (f"{field.name}={given[field.name]!r}" for field in fields if given[field.name] != field.default)
        return f"Configuration({', '.join(changed)})"

    @property
    def transposed(self) -> bool:
        return self.function == "conv_transpose2d"

    @property
    def torch_dtype(self) -> torch.dtype:
        return getattr(torch, self.dtype)

    @property
    def is_integer(self) -> bool:
        return self.dtype in INTEGERS

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of our function."""
        common = self.torch_arguments() | {"precision": self.precision}
        return common if self.transposed else common | {"padding_mode": self.padding_mode}

    def torch_arguments(self) -> dict[str, Any]:
        """Those that torch's function has too."""
        common = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}
        return common | {"output_padding": self.output_padding} if self.transposed else common

    def input_sizes(self) -> tuple[int, ...]:
        return (() if self.batch is None else (self.batch,)) + (self.in_channels, *self.size)

    def weight_sizes(self) -> tuple[int, ...]:
        if self.transposed:
            return (self.in_channels, self.out_channels // self.groups, *self.kernel)
        return (self.out_channels, self.in_channels // self.groups, *self.kernel)

    def output_sizes(self) -> tuple[int, ...]:
        return (() if self.batch is None else (self.batch,)) + (self.out_channels, *map(self.output_size, (0, 1)))

    def sides(self) -> Sides:
        """The padding as (top, bottom, left, right)."""
        if self.padding == "valid":
            return (0, 0, 0, 0)
        if isinstance(self.padding, str):
            return (*self.same(0), *self.same(1))
        if len(self.padding) == 4:
            return self.padding
        return (self.padding[0], self.padding[0], self.padding[1], self.padding[1])

    def same(self, axis: int) -> Pair:
        """ONNX's SAME_UPPER and SAME_LOWER: as much as ceil(size / stride) windows need."""
        size, stride = self.size[axis], self.stride[axis]
        windows = -(-size // stride)
        total = max(0, (windows - 1) * stride + self.extent(axis) - size)
        half = total // 2
        return (half, total - half) if self.padding == "same" else (total - half, half)

    def extent(self, axis: int) -> int:
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def output_size(self, axis: int) -> int:
        pads = sum(self.sides()[2 * axis : 2 * axis + 2])
        if self.transposed:
            reach = (self.size[axis] - 1) * self.stride[axis] + self.extent(axis)
            return reach - pads + self.output_padding[axis]
        return (self.size[axis] + pads - self.extent(axis)) // self.stride[axis] + 1

    def is_valid(self) -> bool:
        if self.in_channels % self.groups or self.out_channels % self.groups:
            return False
        if min(map(self.output_size, (0, 1))) < 1:
            return False
        if self.transposed:
            return all(o < max(s, d) for o, s, d in zip(self.output_padding, self.stride, self.dilation))
        furthest = (max(self.sides()[:2]), max(self.sides()[2:]))
        slack = {"reflect": 1, "circular": 0}.get(self.padding_mode)
        return slack is None or all(f + slack <= extent for f, extent in zip(furthest, self.size))


@dataclasses.dataclass(frozen=True)
class Tensors:
    """A configuration's tensors; grads_of_grads are those that flow into the three gradients."""

    input: torch.Tensor
    weight: torch.Tensor
    bias: Optional[torch.Tensor]
    grad_output: torch.Tensor
    grads_of_grads: tuple[Optional[torch.Tensor], ...]

    def map(self, change: Callable[[torch.Tensor], torch.Tensor]) -> "Tensors":
        def optional(tensor: Optional[torch.Tensor]) -> Optional[torch.Tensor]:
            return None if tensor is None else change(tensor)

        return Tensors(
            change(self.input),
            change(self.weight),
            optional(self.bias),
            change(self.grad_output),
            tuple(map(optional, self.grads_of_grads)),
        )


def draw(sizes: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    """Normal values, or integers from all that the dtype has."""
    if dtype.is_floating_point or dtype.is_complex:
        wide = torch.complex128 if dtype.is_complex else torch.float64
        return torch.randn(sizes, generator=generator, dtype=wide).to(dtype)
    limits = torch.iinfo(dtype)
    return torch.randint(limits.min, limits.max + 1, sizes, generator=generator, dtype=torch.int64).to(dtype)


def make_tensors(configuration: Configuration) -> Tensors:
    c = configuration
    generator = torch.Generator().manual_seed(c.seed)
    out_dtype = torch.int32 if c.is_integer else c.torch_dtype
    sum_sizes = (c.out_channels,)

    def make(sizes: tuple[int, ...], dtype: torch.dtype, layout: str) -> torch.Tensor:
        # Once through DLPack, so that PyTorch sees the strides that the library sees: those of
        # dimensions of extent 1 are lost on the way.
        return there_and_back(lay_out(draw(sizes, dtype, generator), layout, c.seed))

    input = make(c.input_sizes(), c.torch_dtype, c.input_layout)
    weight = make(c.weight_sizes(), c.torch_dtype, c.weight_layout)
    bias = make(sum_sizes, out_dtype, c.bias_layout) if c.bias else None
    grad_output = make(c.output_sizes(), out_dtype, c.grad_layout)
    second = (
        (c.input_sizes(), c.input_layout),
        (c.weight_sizes(), c.weight_layout),
        (sum_sizes, c.bias_layout),
    )
    flowing = tuple(
        make(sizes, c.torch_dtype, layout) if there else None for there, (sizes, layout) in zip(c.flowing, second)
    )
    return Tensors(input, weight, bias, grad_output, flowing)


def _draw_padding(rng: random.Random, kernel: Pair, transposed: bool) -> Padding:
    kind = rng.choices(("pair", "sides", "same", "same_lower", "valid"), (60, 20, 12, 4, 4))[0]
    if kind == "sides":
        return tuple(rng.randint(0, 4) for _ in range(4))
    if kind == "pair" or transposed:
        return tuple(rng.choice((0, 0, 1, k // 2, k - 1, k + 2)) for k in kernel)
    return kind


def _draw_channels(rng: random.Random, groups: int, large: bool) -> int:
    return groups * rng.choice((8, 16, 17) if large else (1, 1, 2, 3, 5))


def _draw_extents(rng: random.Random, choices: tuple[int, ...]) -> Pair:
    first = rng.choice(choices)
    return (first, first if rng.random() < 0.5 else rng.choice(choices))


def _draw_mask(rng: random.Random) -> Mask:
    return (rng.random() < 0.6, rng.random() < 0.6, rng.random() < 0.6)


def _draw(rng: random.Random, dtypes: tuple[str, ...]) -> Configuration:
    """One that may be impossible."""
    transposed = rng.random() < 0.35
    large = rng.random() < 0.03
    groups = rng.choice((1, 2)) if large else rng.choice((1, 1, 1, 2, 3, 4))
    plain = large and rng.random() < 0.5  # as Winograd's convolution takes it
    kernel = (3, 3) if plain else _draw_extents(rng, (1, 1, 2, 3, 3, 4, 5, 7))
    stride = (1, 1) if plain else _draw_extents(rng, (1, 1, 1, 2, 2, 3, 5))
    dilation = (1, 1) if plain else _draw_extents(rng, (1, 1, 1, 2, 3))
    output_padding = tuple(rng.choice((0, rng.randrange(max(pair)))) for pair in zip(stride, dilation))
    layouts = [rng.choices(LAYOUTS, (40, 25, 12, 13, 10))[0] for _ in range(4)]
    return Configuration(
        function="conv_transpose2d" if transposed else "conv2d",
        dtype=rng.choice(dtypes),
        batch=rng.choices((None, 0, 1, 2, 3, 17), (20, 4, 30, 28, 15, 3))[0],
        in_channels=_draw_channels(rng, groups, large),
        out_channels=_draw_channels(rng, groups, large),
        groups=groups,
        size=_draw_extents(rng, (17, 24, 31) if large else (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13)),
        kernel=kernel,
        stride=stride,
        padding=_draw_padding(rng, kernel, transposed),
        dilation=dilation,
        output_padding=output_padding if transposed else (0, 0),
        padding_mode="zeros" if transposed else rng.choice(("zeros", "zeros", "reflect", "replicate", "circular")),
        bias=rng.random() < 0.5,
        precision=rng.choice(("exact", "default")),
        input_layout=layouts[0],
        weight_layout=layouts[1],
        bias_layout=layouts[2],
        grad_layout=layouts[3],
        wanted=_draw_mask(rng),
        flowing=_draw_mask(rng),
        seed=rng.randrange(2**31),
    )


def configurations(rng: random.Random, dtypes: tuple[str, ...]) -> Iterator[Configuration]:
    """Possible ones without end."""
    while True:
        configuration = _draw(rng, dtypes)
        if configuration.is_valid():
            yield configuration

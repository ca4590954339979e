"""A layer made and called, or a function called, the same way in PyTorch and in the library.

The arguments may be anything, impossible ones too; `draw_call` draws both sorts.
"""

import dataclasses
import random
from typing import Any, Optional

import conv2d_oracle as library
import torch
import torch.nn.functional as F

import bridge

Sizes = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class LayerCall:
    name: str
    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    input: Sizes
    input_dtype: torch.dtype = torch.float32

    def tensor(self) -> torch.Tensor:
        return torch.ones(self.input, dtype=self.input_dtype)

    def theirs(self) -> torch.Tensor:
        return getattr(torch.nn, self.name)(*self.positional, **self.keywords)(self.tensor()).detach()

    def ours(self) -> torch.Tensor:
        layer = getattr(library, self.name)(*self.positional, **self.keywords)
        return bridge.take(layer(bridge.give(self.tensor())))

    def weight_sizes(self) -> Sizes:
        return (*self.positional[:2], *self.positional[2])


@dataclasses.dataclass(frozen=True)
class FunctionCall:
    name: str
    input: Sizes
    weight: Sizes
    bias: Optional[Sizes]
    keywords: dict[str, Any]
    input_dtype: torch.dtype = torch.float32
    weight_dtype: torch.dtype = torch.float32
    bias_dtype: torch.dtype = torch.float32

    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, Optional[torch.Tensor]]:
        bias = None if self.bias is None else torch.ones(self.bias, dtype=self.bias_dtype)
        return (
            torch.ones(self.input, dtype=self.input_dtype),
            torch.ones(self.weight, dtype=self.weight_dtype),
            bias,
        )

    def theirs(self) -> torch.Tensor:
        return getattr(F, self.name)(*self.tensors(), **self.keywords)

    def ours(self) -> torch.Tensor:
        return bridge.forward(self.name, *self.tensors(), **self.keywords)


Call = LayerCall | FunctionCall


def _pick(rng: random.Random, usual: tuple[Any, ...], odd: tuple[Any, ...]) -> Any:
    return rng.choice(odd if rng.random() < 0.025 else usual)


def _pick_pair(rng: random.Random, usual: tuple[int, ...], odd: tuple[int, ...]) -> tuple[int, int]:
    return (_pick(rng, usual, odd), _pick(rng, usual, odd))


def _draw_keywords(rng: random.Random, transposed: bool) -> dict[str, Any]:
    keywords: dict[str, Any] = {
        "stride": _pick_pair(rng, (1, 2, 3), (0, -1)),
        "dilation": _pick_pair(rng, (1, 1, 2, 3), (0, -1)),
        "groups": _pick(rng, (1, 1, 2, 3), (0, -1, 4)),
        "padding": _pick_pair(rng, (0, 0, 1, 2, 3), (-1, 5)),
    }
    if transposed:
        keywords["output_padding"] = _pick_pair(rng, (0, 0, 1), (2, -1))
    elif rng.random() < 0.1:
        keywords["padding"] = rng.choice(("same", "valid", "full"))
    return keywords


def _draw_input(rng: random.Random, channels: int) -> Sizes:
    batch = () if rng.random() < 0.2 else (_pick(rng, (1, 2), (0,)),)
    middle = (_pick(rng, (max(channels, 0),), (0, 1, 2, 3)),)
    if rng.random() < 0.02:
        middle = rng.choice(((), (1, *middle)))
    return (*batch, *middle, _pick(rng, (3, 4, 5, 6), (0, 1, 2)), _pick(rng, (3, 4, 5, 6), (0, 1, 2)))


def _draw_dtype(rng: random.Random) -> torch.dtype:
    return _pick(rng, (torch.float32,), (torch.float64, torch.complex64, torch.bfloat16))


def draw_layer_call(rng: random.Random) -> LayerCall:
    transposed = rng.random() < 0.35
    keywords = _draw_keywords(rng, transposed)
    usual_modes = ("zeros",) if transposed else ("zeros", "zeros", "reflect", "replicate", "circular")
    keywords["padding_mode"] = _pick(rng, usual_modes, ("symmetric", "reflect"))
    groups = max(keywords["groups"], 1)
    in_channels = _pick(rng, (groups, 2 * groups), (0, -1, 5))
    out_channels = _pick(rng, (groups, 2 * groups), (0, -1, 5))
    kernel = _pick_pair(rng, (1, 2, 3), (0, -1))
    return LayerCall(
        "ConvTranspose2d" if transposed else "Conv2d",
        (in_channels, out_channels, kernel),
        keywords,
        _draw_input(rng, in_channels),
        _draw_dtype(rng),
    )


def draw_function_call(rng: random.Random) -> FunctionCall:
    transposed = rng.random() < 0.35
    keywords = _draw_keywords(rng, transposed)
    groups = max(keywords["groups"], 1)
    in_channels, out_channels = groups * rng.choice((1, 2, 3)), groups * rng.choice((1, 2))
    kernel = _pick_pair(rng, (1, 2, 3), (0,))
    channels = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
    weight: Sizes = (*(_pick(rng, (count,), (0, 1, 2, 3, 5)) for count in channels), *kernel)
    weight = _pick(rng, (weight,), (weight[:3], (*weight, 1), weight[:2], ()))
    bias: Sizes = (out_channels,)
    bias = _pick(rng, (bias,), ((out_channels + 1,), (1,), (), (1, out_channels), (0,), (out_channels, 1)))
    return FunctionCall(
        "conv_transpose2d" if transposed else "conv2d",
        _draw_input(rng, in_channels),
        weight,
        bias if rng.random() < 0.7 else None,
        keywords,
        _draw_dtype(rng),
        _draw_dtype(rng),
        _draw_dtype(rng),
    )


def draw_call(rng: random.Random) -> Call:
    return draw_layer_call(rng) if rng.random() < 0.5 else draw_function_call(rng)

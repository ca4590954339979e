"""The definition of both layers and of their gradients, term by term and in float64.

Slow, and without PyTorch's convolutions. What lies in the padding is no term at all: it is not even
multiplied, so an infinite weight over it changes nothing.

Both layers relate a tensor `big`, which windows are laid over, to a tensor `small` with one element
for each window: Conv2d maps big to small, ConvTranspose2d small to big. Both keep their weight as
(channels of small, channels of big / groups, rows, columns).
"""

import itertools
from collections.abc import Iterator
from typing import Optional

import torch

from configuration import Configuration, Pair

# One output's window, one tap of it, and where they look: (small's index, tap, big's index).
Term = tuple[int, int, int]


def _source(mode: str, position: int, size: int) -> Optional[int]:
    """The index that a position reads, or None in the padding of zeros mode."""
    if 0 <= position < size:
        return position
    if mode == "replicate":
        return 0 if position < 0 else size - 1
    if mode == "circular":
        return position % size
    if mode == "reflect":
        return -position if position < 0 else 2 * (size - 1) - position
    return None


def _axis_terms(c: Configuration, axis: int) -> list[Term]:
    windows, extent = c.output_size(axis), c.size[axis]
    if c.transposed:
        windows, extent = extent, windows
    terms = []
    for p, r in itertools.product(range(windows), range(c.kernel[axis])):
        position = p * c.stride[axis] + r * c.dilation[axis] - c.sides()[2 * axis]
        h = _source(c.padding_mode, position, extent)
        if h is not None:
            terms.append((p, r, h))
    return terms


def _terms(c: Configuration) -> Iterator[tuple[Pair, Pair, Pair]]:
    """(where in small, which weight, where in big), each as (row, column)."""
    for (p, r, h), (q, s, v) in itertools.product(_axis_terms(c, 0), _axis_terms(c, 1)):
        yield (p, q), (r, s), (h, v)


class Definition:
    """The three maps of a configuration, on tensors as its layer takes them."""

    def __init__(self, c: Configuration) -> None:
        self.c = c

    def output(self, input: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor]) -> torch.Tensor:
        result = self._to_big(input, weight) if self.c.transposed else self._to_small(input, weight)
        return result if bias is None else result + bias.double()[:, None, None]

    def grad_input(self, grad_output: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return self._to_small(grad_output, weight) if self.c.transposed else self._to_big(grad_output, weight)

    def grad_weight(self, input: torch.Tensor, grad_output: torch.Tensor) -> torch.Tensor:
        pair = (grad_output, input) if self.c.transposed else (input, grad_output)
        return self._to_weight(*pair)

    def _to_small(self, big: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        x, w, y = self._grouped(big), self._grouped_weight(weight), self._zeros(big=False)
        for (p, q), (r, s), (h, v) in _terms(self.c):
            y[..., p, q] += (x[:, :, None, :, h, v] * w[..., r, s]).sum(3)
        return self._ungrouped(y)

    def _to_big(self, small: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        y, w, x = self._grouped(small), self._grouped_weight(weight), self._zeros(big=True)
        for (p, q), (r, s), (h, v) in _terms(self.c):
            x[..., h, v] += (y[:, :, :, None, p, q] * w[..., r, s]).sum(2)
        return self._ungrouped(x)

    def _to_weight(self, big: torch.Tensor, small: torch.Tensor) -> torch.Tensor:
        x, y = self._grouped(big), self._grouped(small)
        w = torch.zeros_like(self._grouped_weight(torch.zeros(self.c.weight_sizes())))
        for (p, q), (r, s), (h, v) in _terms(self.c):
            w[..., r, s] += (x[:, :, None, :, h, v] * y[:, :, :, None, p, q]).sum(0)
        return w.reshape(self.c.weight_sizes())

    def _grouped(self, tensor: torch.Tensor) -> torch.Tensor:
        """(N, groups, channels / groups, height, width), in float64."""
        batched = tensor.unsqueeze(0) if self.c.batch is None else tensor
        return batched.double().unflatten(1, (self.c.groups, -1))

    def _grouped_weight(self, weight: torch.Tensor) -> torch.Tensor:
        return weight.double().unflatten(0, (self.c.groups, -1))

    def _zeros(self, big: bool) -> torch.Tensor:
        sizes = self.c.input_sizes() if big != self.c.transposed else self.c.output_sizes()
        return self._grouped(torch.zeros(sizes))

    def _ungrouped(self, tensor: torch.Tensor) -> torch.Tensor:
        flat = tensor.flatten(1, 2)
        return flat.squeeze(0) if self.c.batch is None else flat

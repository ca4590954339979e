"""The same values in memory in every way that strides can tell."""

import random

import torch

LAYOUTS = ("contiguous", "channels_last", "permuted", "sliced", "expanded")


def lay_out(values: torch.Tensor, layout: str, seed: int) -> torch.Tensor:
    """A tensor with the sizes of `values` and its values, except that "expanded" repeats some."""
    return {
        "contiguous": torch.Tensor.contiguous,
        "channels_last": _channels_last,
        "permuted": lambda tensor: _permuted(tensor, seed),
        "sliced": _sliced,
        "expanded": lambda tensor: _expanded(tensor, seed),
    }[layout](values)


def _channels_last(values: torch.Tensor) -> torch.Tensor:
    if values.dim() == 3:
        return _channels_last(values.unsqueeze(0)).squeeze(0)
    if values.dim() != 4:
        return values
    return values.contiguous(memory_format=torch.channels_last)


def _permuted(values: torch.Tensor, seed: int) -> torch.Tensor:
    order = list(range(values.dim()))
    random.Random(seed).shuffle(order)
    inverse = [order.index(dim) for dim in range(values.dim())]
    return values.permute(order).contiguous().permute(inverse)


def _sliced(values: torch.Tensor) -> torch.Tensor:
    """Every second element of something larger; what lies between would spoil any sum."""
    between = float("nan") if values.is_floating_point() or values.is_complex() else 77
    larger = torch.full([2 * extent + 1 for extent in values.shape], between, dtype=values.dtype)
    view = larger[tuple(slice(1, None, 2) for _ in values.shape)]
    view.copy_(values)
    return view


def _expanded(values: torch.Tensor, seed: int) -> torch.Tensor:
    """One or more dimensions with stride 0."""
    chosen = random.Random(seed).randrange(1, 2 ** values.dim())
    smaller = values
    for dim, extent in enumerate(values.shape):
        if chosen >> dim & 1 and extent > 0:
            smaller = smaller.narrow(dim, 0, 1)
    return smaller.expand_as(values)


def packed(tensor: torch.Tensor) -> torch.Tensor:
    """A copy with the plainest strides: PyTorch fails on some others when the batch is empty."""
    return tensor.clone(memory_format=torch.contiguous_format)

"""Whether a result is what was expected, in values, sizes, dtype and memory format."""

import torch

from expected import Expectation


def require_close(name: str, ours: torch.Tensor, expected: Expectation, tolerance: torch.Tensor) -> None:
    if ours.shape != expected.values.shape:
        raise AssertionError(f"{name} has sizes {list(ours.shape)}, expected {list(expected.values.shape)}")
    difference = parts(ours.to(expected.values.dtype) - expected.values).abs()
    allowed = tolerance[..., None].expand_as(difference)
    wrong = ~(difference <= allowed)  # true for NaN
    if wrong.any():
        worst = int(torch.where(wrong, (difference / allowed).nan_to_num(torch.inf), torch.zeros(())).argmax())
        got, wanted = (parts(tensor).flatten()[worst].item() for tensor in (ours, expected.values))
        raise AssertionError(
            f"{name}: {int(wrong.sum())} of {wrong.numel()} values are off; the worst, number {worst}, is "
            f"{got!r}, expected {wanted!r} +- {allowed.flatten()[worst].item():.3g}; "
            f"largest difference {difference.max().item():.3g}"
        )


def parts(tensor: torch.Tensor) -> torch.Tensor:
    """With one more dimension: the real and the imaginary part, or the number alone."""
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor[..., None]


def require_equal_bits(name: str, ours: torch.Tensor, expected: torch.Tensor) -> None:
    if ours.dtype != expected.dtype or ours.shape != expected.shape:
        raise AssertionError(f"{name} is {describe(ours)}, expected {describe(expected)}")
    different = bits(ours) != bits(expected)
    if different.any():
        first = int(different.flatten().int().argmax())
        raise AssertionError(
            f"{name}: {int(different.sum())} of {different.numel()} values differ; number {first} is "
            f"{parts(ours).flatten()[first].item()!r}, expected {parts(expected).flatten()[first].item()!r}"
        )


def bits(tensor: torch.Tensor) -> torch.Tensor:
    """The elements as integers of their width, so that NaNs and signed zeros compare too."""
    real = parts(tensor).contiguous()
    return real.view({1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[real.element_size()])


def describe(tensor: torch.Tensor) -> str:
    return f"{tensor.dtype} of sizes {list(tensor.shape)}"


def used_strides(tensor: torch.Tensor) -> list[int]:
    """The strides of the dimensions that have more than one element: the others mean nothing."""
    return [stride for extent, stride in zip(tensor.shape, tensor.stride()) if extent > 1]


def require_same_memory_format(name: str, ours: torch.Tensor, expected: torch.Tensor) -> None:
    if expected.numel() and used_strides(ours) != used_strides(expected):
        strides = f"{ours.stride()}, torch's {expected.stride()}"
        raise AssertionError(f"{name} of {describe(ours)} has strides {strides}")

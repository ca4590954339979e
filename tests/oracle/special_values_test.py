"""Infinities, NaNs and the smallest numbers go through sums of products of the real elements alone."""

import random
import unittest
from collections.abc import Iterator

import torch

import bridge
from comparing import require_equal_bits
from configuration import Configuration, configurations, make_tensors
from definition import Definition
from running import for_all

REAL = ("float32", "float64", "bfloat16", "float16")


def spoil(tensor: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """A copy in which one or two elements are infinite or NaN."""
    spoilt = tensor.clone(memory_format=torch.contiguous_format)
    flat = spoilt.view(-1)
    for _ in range(2):
        flat[rng.randrange(flat.numel())] = rng.choice((torch.inf, -torch.inf, torch.nan))
    return spoilt


def kinds(tensor: torch.Tensor) -> torch.Tensor:
    """NaN and the infinities kept, every number a 0."""
    return torch.where(tensor.isfinite(), torch.zeros((), dtype=torch.float64), tensor.double())


def require_same_kinds(name: str, ours: torch.Tensor, expected: torch.Tensor) -> None:
    if not torch.equal(kinds(ours).nan_to_num(nan=1), kinds(expected).nan_to_num(nan=1)):
        raise AssertionError(f"{name} is\n{ours}, expected\n{expected}")


def check_infinities(c: Configuration) -> None:
    rng, t, definition = random.Random(c.seed), make_tensors(c), Definition(c)
    input, weight, grad_output = (spoil(tensor, rng) for tensor in (t.input, t.weight, t.grad_output))
    ours = bridge.forward(c.function, input, weight, t.bias, **c.arguments())
    require_same_kinds("output", ours, definition.output(input, weight, t.bias))
    gradients = bridge.backward(c.function, grad_output, input, weight, **c.arguments())
    expected = (
        definition.grad_input(grad_output, weight),
        definition.grad_weight(input, grad_output),
        grad_output.double().transpose(-3, 0).flatten(1).sum(1),
    )
    for name, our, their in zip(("grad_input", "grad_weight", "grad_bias"), gradients, expected):
        assert our is not None
        require_same_kinds(name, our, their)


def check_smallest(c: Configuration) -> None:
    """Multiples of the smallest positive number: their sums are exact, so that none may be lost."""
    t, dtype = make_tensors(c), c.torch_dtype
    limits = torch.finfo(dtype)
    smallest = limits.tiny * limits.eps
    input = (t.input.sign() * smallest).to(dtype)
    weight = t.weight.sign()
    exact = c.arguments() | {"precision": "exact"}
    ours = bridge.forward(c.function, input, weight, **exact)
    expected = Definition(c).output(t.input.sign(), weight, None) * smallest
    require_equal_bits("output", ours + 0, expected.to(dtype) + 0)  # + 0: a sum of nothing has no sign


def small(rng: random.Random, dtypes: tuple[str, ...] = REAL) -> Iterator[Configuration]:
    """Configurations that the definition, in Python, gets through in a few milliseconds."""
    for c in configurations(rng, dtypes):
        windows = c.size if c.transposed else tuple(map(c.output_size, (0, 1)))
        if c.batch != 0 and windows[0] * windows[1] * c.kernel[0] * c.kernel[1] <= 150:
            yield c


class SpecialValues(unittest.TestCase):
    def test_infinities_and_nans(self) -> None:
        for_all(check_infinities, 1500, small)

    def test_the_smallest_numbers(self) -> None:
        for_all(check_smallest, 600, small)


if __name__ == "__main__":
    unittest.main()

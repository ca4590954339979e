"""Both layers' gradients, of first and second order, against autograd."""

import dataclasses
import itertools
import random
import unittest
from collections.abc import Iterator

import bridge
import expected
import native
from bridge import Mask, Optionals
from comparing import require_close, require_equal_bits
from configuration import FLOATS, Configuration, Tensors, configurations, make_tensors
from running import for_all

FIRST = ("grad_input", "grad_weight", "grad_bias")
SECOND = ("second_grad_output", "second_input", "second_weight")
MASKS: tuple[Mask, ...] = tuple(itertools.product((False, True), repeat=3))  # type: ignore[assignment]


def first_order(c: Configuration, t: Tensors, wanted: Mask) -> Optionals:
    return bridge.backward(c.function, t.grad_output, t.input, t.weight, wanted, **c.arguments())


def second_order(c: Configuration, t: Tensors, wanted: Mask) -> Optionals:
    tensors = t.grad_output, t.input, t.weight
    return bridge.double_backward(c.function, t.grads_of_grads, *tensors, wanted, **c.arguments())


def require_the_wanted(names: tuple[str, ...], some: Optionals, wanted: Mask, all_of_them: Optionals) -> None:
    """Those wanted are there, those not wanted are not, and asking for fewer changes no bit."""
    for name, got, asked, full in zip(names, some, wanted, all_of_them):
        if (got is not None) != asked:
            raise AssertionError(f"{name}: wanted is {asked}, there is {got}")
        if got is not None:
            assert full is not None
            require_equal_bits(f"{name} of {wanted}", got, full)


def require_all_close(
    c: Configuration, names: tuple[str, ...], ours: Optionals, compute: expected.Compute
) -> None:
    expectations = expected.expect(compute, c, make_tensors(c))
    for name, gradient in zip(names, ours):
        assert gradient is not None
        if gradient.dtype != c.torch_dtype:
            raise AssertionError(f"{name} is {gradient.dtype}")
        require_close(name, gradient, expectations[name], expectations[name].tolerance(c.torch_dtype))


def check_first_order(c: Configuration) -> None:
    t = make_tensors(c)
    ours = first_order(c, t, bridge.everything)
    require_all_close(c, FIRST, ours, expected.gradients)
    require_the_wanted(FIRST, first_order(c, t, c.wanted), c.wanted, ours)
    if native.torch_has(c):
        expectations = expected.expect(expected.gradients, c, t)
        for name, theirs in native.gradients(c, t).items():
            tolerance = expectations[name].torch_tolerance(c.torch_dtype)
            require_close("torch's own " + name, theirs, expectations[name], tolerance)


def check_second_order(c: Configuration) -> None:
    t = make_tensors(c)
    ours = second_order(c, t, bridge.everything)
    require_all_close(c, SECOND, ours, expected.second_gradients)
    require_the_wanted(SECOND, second_order(c, t, c.wanted), c.wanted, ours)


def with_every_mask(rng: random.Random, dtypes: tuple[str, ...]) -> Iterator[Configuration]:
    """Random configurations that go through all masks of what is wanted and, faster, of what flows."""
    masks = itertools.cycle(itertools.product(MASKS, MASKS))
    for configuration, (wanted, flowing) in zip(configurations(rng, dtypes), masks):
        yield dataclasses.replace(configuration, wanted=wanted, flowing=flowing)


class Gradients(unittest.TestCase):
    def test_first_order(self) -> None:
        for_all(check_first_order, 3000, lambda rng: with_every_mask(rng, FLOATS))

    def test_second_order(self) -> None:
        dtypes = ("float32", "float64", "complex64", "complex128")
        for_all(check_second_order, 1500, lambda rng: with_every_mask(rng, dtypes))


if __name__ == "__main__":
    unittest.main()

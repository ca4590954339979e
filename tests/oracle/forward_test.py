"""Both layers' results against PyTorch, for random configurations of everything they take."""

import unittest

import torch

import bridge
import expected
import native
from comparing import require_close, require_equal_bits, require_same_memory_format
from configuration import FLOATS, INTEGERS, Configuration, Tensors, configurations, make_tensors
from running import for_all


def run(c: Configuration, t: Tensors) -> torch.Tensor:
    return bridge.forward(c.function, t.input, t.weight, t.bias, **c.arguments())


def check_forward(c: Configuration) -> None:
    t = make_tensors(c)
    ours = run(c, t)
    expectation = expected.expect(expected.forward, c, t)["output"]
    if ours.dtype != c.torch_dtype:
        raise AssertionError(f"output is {ours.dtype}")
    require_close("output", ours, expectation, expectation.tolerance(c.torch_dtype))
    if native.torch_has(c):
        theirs = native.forward(c, t.input, t.weight, t.bias)
        require_close("torch's own output", theirs, expectation, expectation.torch_tolerance(c.torch_dtype))
        if not c.transposed and native.pads_itself(c):
            require_same_memory_format("output", ours, theirs)


def check_integers(c: Configuration) -> None:
    t = make_tensors(c)
    ours = run(c, t)
    require_equal_bits("output", ours, expected.expect_integers(c, t))
    if native.torch_has(c) and (c.dtype == "int32" or t.bias is None):
        theirs = native.forward(c, t.input, t.weight, t.bias)
        require_equal_bits("output in torch's dtype", ours.to(theirs.dtype), theirs)


def check_same_bits(c: Configuration) -> None:
    """An image's result depends neither on the others in its batch nor on the number of threads."""
    t = make_tensors(c)
    together = run(c, t)
    bridge.library.set_num_threads(3)
    try:
        require_equal_bits("output of three threads", run(c, t), together)
    finally:
        bridge.library.set_num_threads(1)
    for n in range(c.batch or 0):
        alone = bridge.forward(c.function, t.input[n], t.weight, t.bias, **c.arguments())
        require_equal_bits(f"output of image {n} alone", alone, together[n])


class Forward(unittest.TestCase):
    def test_floating_and_complex(self) -> None:
        for_all(check_forward, 4000, lambda rng: configurations(rng, FLOATS))

    def test_integers(self) -> None:
        for_all(check_integers, 1500, lambda rng: configurations(rng, INTEGERS))

    def test_the_same_bits_for_any_batch_and_any_threads(self) -> None:
        for_all(check_same_bits, 500, lambda rng: configurations(rng, FLOATS + INTEGERS))


class TheJudge(unittest.TestCase):
    """What must not pass does not: the tolerances are tight enough to see a single wrong term."""

    def setUp(self) -> None:
        self.configuration = Configuration(in_channels=8, out_channels=2, size=(9, 9), kernel=(5, 5), seed=1)
        self.tensors = make_tensors(self.configuration)
        self.tensors.input.abs_().add_(0.1)  # no term is too small to be missed
        self.tensors.weight.abs_().add_(0.1)
        self.expectation = expected.expect(expected.forward, self.configuration, self.tensors)["output"]
        self.tolerance = self.expectation.tolerance(torch.float32)

    def judge(self, output: torch.Tensor) -> None:
        require_close("output", output, self.expectation, self.tolerance)

    def test_a_right_result_passes(self) -> None:
        self.judge(run(self.configuration, self.tensors))

    def test_a_left_out_term_is_found(self) -> None:
        self.tensors.weight[1, 3, 2, 2] = 0
        with self.assertRaisesRegex(AssertionError, "25 of 50 values are off"):
            self.judge(run(self.configuration, self.tensors))

    def test_a_nan_is_found(self) -> None:
        output = run(self.configuration, self.tensors)
        output[0, 1, 2, 3] = float("nan")
        with self.assertRaisesRegex(AssertionError, "1 of 50 values are off; the worst, number 38, is nan"):
            self.judge(output)

    def test_other_sizes_are_found(self) -> None:
        with self.assertRaisesRegex(AssertionError, "sizes"):
            self.judge(run(self.configuration, self.tensors).squeeze(0))


if __name__ == "__main__":
    unittest.main()

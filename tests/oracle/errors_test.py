"""What is refused: the conditions and words of PyTorch, and the documented differences from it."""

import random
import unittest
from collections import Counter
from typing import Optional

import torch

from calls import Call, FunctionCall, LayerCall, draw_call
from comparing import require_equal_bits
from configuration import Configuration, make_tensors
from forward_test import check_forward, check_integers, run
from refused import REFUSED
from running import fresh_seed


# Where PyTorch gives up, or answers something else, and we compute the convolution.
PROMISED = (
    Configuration(padding="same", stride=(2, 3), size=(7, 8), kernel=(4, 3), in_channels=2, out_channels=3),
    Configuration(padding="same_lower", stride=(2, 3), size=(7, 8), kernel=(4, 3), bias=True),
    Configuration(padding=(0, 1, 2, 3), size=(5, 4), kernel=(3, 3)),
    Configuration("conv_transpose2d", padding=(0, 1, 2, 0), size=(5, 4), kernel=(3, 3), stride=(2, 2)),
    Configuration(batch=None, padding=(1, 2), padding_mode="circular", size=(4, 5), kernel=(3, 3)),
    Configuration(dtype="float16", in_channels=3, out_channels=2, size=(6, 5), kernel=(3, 3), bias=True),
    Configuration("conv_transpose2d", "float16", in_channels=3, out_channels=2, size=(6, 5), kernel=(3, 3)),
    Configuration("conv_transpose2d", "complex64", in_channels=3, out_channels=2, size=(6, 5), kernel=(3, 3)),
    Configuration("conv_transpose2d", "bfloat16", in_channels=3, out_channels=2, size=(6, 5), kernel=(3, 3)),
    Configuration(dtype="bfloat16", padding=(1, 1), padding_mode="replicate", size=(6, 5), kernel=(3, 3)),
)
# No output has a term: the padding covers all windows, or there are no channels to sum over.
WITHOUT_TERMS = (
    Configuration(size=(0, 5), padding=(2, 0), kernel=(3, 3), bias=True, in_channels=2, out_channels=3),
    Configuration("conv_transpose2d", size=(0, 5), kernel=(3, 3), bias=True, in_channels=2, out_channels=3),
    Configuration(in_channels=0, out_channels=3, size=(4, 3), bias=True),
    Configuration(in_channels=0, out_channels=3, size=(4, 3), padding=(1, 1), padding_mode="reflect", bias=True),
    Configuration("conv_transpose2d", in_channels=0, out_channels=3, size=(4, 3), bias=True),
)
PROMISED_INTEGERS = (
    Configuration(dtype="int8", dilation=(2, 1), size=(6, 5), kernel=(3, 3), in_channels=3),
    Configuration(dtype="uint8", padding=(2, 1), padding_mode="reflect", size=(6, 5), kernel=(3, 3)),
    Configuration("conv_transpose2d", "int32", size=(6, 5), kernel=(3, 3), in_channels=3),
)


def attempt(call: Call, whose: str) -> torch.Tensor | Exception:
    """What "theirs" or "ours" computes, or why not."""
    try:
        return getattr(call, whose)()
    except Exception as error:  # PyTorch uses many classes
        return error


def weight_channels_of_input(call: Call) -> int:
    """What the weight says of the input's channels in one group; 0 for a layer without any."""
    return call.positional[0] if isinstance(call, LayerCall) else min(call.weight[:2], default=0)


def is_negative(padding: object) -> bool:
    return isinstance(padding, tuple) and min(padding) < 0


def difference(call: Call, theirs: torch.Tensor | Exception) -> Optional[str]:
    """Why one of us refuses this call and the other does not; None where there is no good reason."""
    keywords = call.keywords
    mode = keywords.get("padding_mode", "zeros")
    if isinstance(theirs, Exception):
        if "padding='same' is not supported for strided" in str(theirs):
            return "'same' works with any stride"
        if mode == "circular" and len(call.input) == 3:
            return "circular works on an input without a batch"
        if 0 in call.input[-2:] or weight_channels_of_input(call) == 0:
            return "an input without elements gives what its padding and the bias give"
        return None
    if is_negative(keywords["padding"]) and mode != "zeros":
        return "F.pad crops where padding is negative; we refuse it in every mode"
    if isinstance(call, FunctionCall) and call.bias_dtype != call.input_dtype:
        return "PyTorch checks the bias's dtype on some of its paths; we check it always"
    if 0 in call.input:
        return "PyTorch checks less where there is nothing to compute; we check the same always"
    return None


class Errors(unittest.TestCase):
    def test_both_refuse_in_the_same_words(self) -> None:
        for call, common, own in REFUSED:
            with self.subTest(call=call):
                theirs, ours = attempt(call, "theirs"), attempt(call, "ours")
                self.assertIsInstance(theirs, Exception)
                self.assertIsInstance(ours, ValueError)
                self.assertRegex(str(theirs), common)
                self.assertRegex(str(ours), common)
                self.assertRegex(str(ours), own)
        print(f"{len(REFUSED)} conditions refused in the same words")

    def test_impossible_arguments_are_refused_where_pytorch_refuses_them(self) -> None:
        seed, count = fresh_seed(), 4000
        rng = random.Random(seed)
        outcomes: Counter[str] = Counter()
        for _ in range(count):
            outcomes[self.outcome(draw_call(rng), seed)] += 1
        print(f"{count} random calls, CONV2D_TEST_SEED={seed}")
        for name, times in outcomes.most_common():
            print(f"  {times:5} {name}")
        self.assertGreater(outcomes["both compute"], count // 4)
        self.assertGreater(outcomes["both refuse"], count // 8)

    def outcome(self, call: Call, seed: int) -> str:
        theirs, ours = attempt(call, "theirs"), attempt(call, "ours")
        where = f"CONV2D_TEST_SEED={seed}: {call}: PyTorch: {theirs}; ours: {ours}"
        if isinstance(ours, Exception):
            self.assertIsInstance(ours, ValueError, where)
            self.assertNotIn("\n", str(ours), where)
        if isinstance(theirs, Exception) != isinstance(ours, Exception):
            reason = difference(call, theirs)
            self.assertIsNotNone(reason, where)
            return str(reason)
        if isinstance(theirs, Exception) or isinstance(ours, Exception):
            return "both refuse"
        if weight_channels_of_input(call) == 0:
            return "without input channels there is the bias; PyTorch gives an empty tensor"
        self.assertEqual(theirs.shape, ours.shape, where)
        return "both compute"


class Promises(unittest.TestCase):
    """More than PyTorch does, and right."""

    def test_what_pytorch_refuses(self) -> None:
        for configuration in PROMISED:
            with self.subTest(configuration=configuration):
                check_forward(configuration)

    def test_integers_in_every_configuration(self) -> None:
        for configuration in PROMISED_INTEGERS:
            with self.subTest(configuration=configuration):
                check_integers(configuration)

    def test_without_terms_there_is_the_bias(self) -> None:
        for configuration in WITHOUT_TERMS:
            with self.subTest(configuration=configuration):
                tensors = make_tensors(configuration)
                assert tensors.bias is not None
                expected = tensors.bias[:, None, None].expand(configuration.output_sizes())
                require_equal_bits("output", run(configuration, tensors), expected)


if __name__ == "__main__":
    unittest.main()

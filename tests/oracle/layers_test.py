"""The layers as PyTorch's users meet them: parameters, state dicts, text, sizes, and the siblings."""

import dataclasses
import gc
import random
import unittest
from collections.abc import Iterator
from typing import Any

import conv2d_oracle as library
import torch
import torch.nn.functional as F

import bridge
import expected
import native
from comparing import require_close, require_equal_bits, require_same_memory_format
from configuration import Configuration, configurations, make_tensors
from layouts import LAYOUTS
from running import for_all

DTYPES = ("float32", "float64", "bfloat16", "float16", "int8", "uint8", "int32", "complex64", "complex128")
NAMES = {"conv2d": "Conv2d", "conv_transpose2d": "ConvTranspose2d"}


def make_theirs(c: Configuration) -> Any:
    make = getattr(torch.nn, NAMES[c.function])
    keywords = c.torch_arguments() | {"bias": c.bias, "padding_mode": c.padding_mode}
    return make(c.in_channels, c.out_channels, c.kernel, **keywords, dtype=c.torch_dtype)


def make_ours(c: Configuration) -> Any:
    make = getattr(library, NAMES[c.function])
    return make(c.in_channels, c.out_channels, c.kernel, **c.arguments(), bias=c.bias, dtype=c.dtype)


def torchs(rng: random.Random) -> Iterator[Configuration]:
    """Configurations that PyTorch has as a layer."""
    for c in configurations(rng, ("float32", "float64")):
        if native.torch_has(c) and native.layer_takes_padding(c):
            yield c


def check_layer(c: Configuration) -> None:
    t, theirs, ours = make_tensors(c), make_theirs(c), make_ours(c)
    bridge.load_state_dict(ours, theirs.state_dict())
    state = {name: bridge.take(capsule) for name, capsule in ours.state_dict().items()}
    if state.keys() != theirs.state_dict().keys():
        raise AssertionError(f"keys {list(state)}, torch's {list(theirs.state_dict())}")
    for name, parameter in theirs.state_dict().items():
        require_equal_bits(name, state[name], parameter)
    tensors = dataclasses.replace(t, weight=state["weight"], bias=state.get("bias"))
    expectation = expected.expect(expected.forward, c, tensors)["output"]
    output = bridge.take(ours(bridge.give(t.input)))
    require_close("output", output, expectation, expectation.tolerance(c.torch_dtype))
    tolerance = expectation.torch_tolerance(c.torch_dtype)
    require_close("torch's output", theirs(t.input).detach(), expectation, tolerance)
    if ours.output_sizes(list(t.input.shape)) != list(output.shape):
        raise AssertionError(f"output_sizes says {ours.output_sizes(list(t.input.shape))}, it has {output.shape}")
    check_backward(c, ours, t.grad_output, t.input, state["weight"])


def check_backward(
    c: Configuration, layer: Any, grad_output: torch.Tensor, input: torch.Tensor, weight: torch.Tensor
) -> None:
    """The layer's gradients are the function's; where there is no bias there is no gradient of it."""
    found = bridge.take_all(layer.backward(bridge.give(grad_output), bridge.give(input), bridge.everything))
    wanted = (True, True, c.bias)
    of_function = bridge.backward(c.function, grad_output, input, weight, wanted, **c.arguments())
    for name, ours, functions in zip(("input", "weight", "bias"), found, of_function):
        if (ours is None) != (functions is None):
            raise AssertionError(f"gradient of {name}: {ours}")
        if ours is not None and functions is not None:
            require_equal_bits(f"gradient of {name}", ours, functions)


def check_text(c: Configuration) -> None:
    text, ours = repr(make_theirs(c)), repr(make_ours(c))
    if ours != text:
        raise AssertionError(f"repr is {ours!r}, torch's {text!r}")
    if library.parse_and_repr(text) != text:
        raise AssertionError(f"{text!r} is read as {library.parse_and_repr(text)!r}")


def float32(rng: random.Random) -> Iterator[Configuration]:
    return (dataclasses.replace(c, dtype="float32") for c in torchs(rng))


def check_output_size(c: Configuration) -> None:
    """Every size around the possible ones: the same result, or the same refusal."""
    c = dataclasses.replace(c, precision="exact")
    t, theirs, ours = make_tensors(c), make_theirs(c), make_ours(c)
    bridge.load_state_dict(ours, theirs.state_dict())
    rng = random.Random(c.seed)
    least = [c.output_size(axis) - c.output_padding[axis] for axis in (0, 1)]
    size = tuple(least[axis] + rng.randint(-1, c.stride[axis]) for axis in (0, 1))
    try:
        expected_output = theirs(t.input, output_size=size).detach()
    except (ValueError, RuntimeError) as error:
        require_same_refusal(str(error), lambda: ours.call_for_size(bridge.give(t.input), size))
        return
    output = bridge.take(ours.call_for_size(bridge.give(t.input), size))
    torch.testing.assert_close(output, expected_output)
    chosen = tuple(size[axis] - least[axis] for axis in (0, 1))
    gradients = ours.backward_for_size(
        bridge.give(torch.ones_like(output)), bridge.give(t.input), size, bridge.everything
    )
    arguments = c.arguments() | {"output_padding": chosen}
    weight = theirs.weight.detach()
    direct = bridge.backward(c.function, torch.ones_like(output), t.input, weight, bridge.everything, **arguments)
    for name, one, other in zip(("input", "weight"), bridge.take_all(gradients), direct):
        assert one is not None and other is not None
        require_equal_bits(f"gradient of {name}", one, other)


def require_same_refusal(sentence: str, call: Any) -> None:
    try:
        call()
    except ValueError as error:
        ranges = sentence.split(" (for an input")[0]
        if ranges not in str(error):
            raise AssertionError(f"ours says {error}, torch {sentence}") from error
        return
    raise AssertionError(f"we compute where torch says {sentence}")


def transposed(rng: random.Random) -> Iterator[Configuration]:
    for c in float32(rng):
        if c.transposed and c.batch != 0 and min(c.output_size(a) - c.output_padding[a] for a in (0, 1)) > 1:
            yield c


class Layers(unittest.TestCase):
    def test_state_dicts_results_and_gradients(self) -> None:
        for_all(check_layer, 400, torchs)

    def test_text(self) -> None:
        for_all(check_text, 400, float32)

    def test_text_of_the_siblings(self) -> None:
        for text, ours in (
            (repr(torch.nn.Unfold(3)), repr(library.Unfold(3, 1, 0, 1))),
            (repr(torch.nn.Unfold((3, 2), 2, 1, (1, 4))), repr(library.Unfold((3, 2), 2, 1, (1, 4)))),
            (repr(torch.nn.Fold((4, 5), 2)), repr(library.Fold((4, 5), 2, 1, 0, 1))),
            (repr(torch.nn.LazyConv2d(6, 5, padding=2)), repr(library.LazyConv2d(6, 5, padding=2))),
        ):
            with self.subTest(text):
                self.assertEqual(ours, text)
                self.assertEqual(library.parse_and_repr(text), text)

    def test_output_size_of_the_transposed_layer(self) -> None:
        for_all(check_output_size, 400, transposed)

    def test_a_lazy_layer_becomes_a_conv2d(self) -> None:
        theirs, ours = torch.nn.LazyConv2d(6, 3, padding=1), library.LazyConv2d(6, 3, padding=1)
        input = torch.randn(2, 5, 8, 7)
        theirs(input)
        ours(bridge.give(input))
        self.assertEqual(repr(ours.layer()), repr(theirs))
        bridge.load_state_dict(ours.layer(), theirs.state_dict())
        torch.testing.assert_close(bridge.take(ours(bridge.give(input))), theirs(input).detach())
        with self.assertRaisesRegex(ValueError, "to have 5 channels, but got 4 channels instead"):
            ours(bridge.give(input[:, :4]))

    def test_a_state_dict_that_does_not_fit_is_refused_and_changes_nothing(self) -> None:
        ours = library.Conv2d(2, 3, 1, bias=True)
        before = bridge.parameters(ours)["weight"].clone()
        weight, bias = torch.ones(3, 2, 1, 1), torch.ones(3)
        for state, words in (
            ({"weight": weight}, 'Missing key.*"bias"'),
            ({"bias": bias}, 'Missing key.*"weight"'),
            ({"weight": weight, "bias": bias, "extra": bias}, 'Unexpected key.*"extra"'),
            ({"weight": weight, "bias": torch.ones(4)}, "size mismatch for bias.*4.*3"),
            ({"weight": torch.ones(3, 1, 1, 1), "bias": bias}, "size mismatch for weight"),
            ({"weight": weight.double(), "bias": bias}, "float64.*float32"),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                bridge.load_state_dict(ours, state)
            require_equal_bits("weight", bridge.parameters(ours)["weight"], before)

    def test_a_prefix_chooses_from_a_larger_state_dict(self) -> None:
        network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Conv2d(2, 4, 1))
        ours = library.Conv2d(2, 4, 1)
        bridge.load_state_dict(ours, network.state_dict(), "1.")
        for name, parameter in network[1].state_dict().items():
            require_equal_bits(name, bridge.parameters(ours)[name], parameter)


class Exchange(unittest.TestCase):
    """Tensors cross without a copy, and each side keeps the other's memory alive."""

    def test_there_and_back_is_the_same_memory(self) -> None:
        rng = random.Random(1)
        for dtype, layout in ((d, l) for d in DTYPES for l in LAYOUTS):
            seed = rng.getrandbits(31)
            c = Configuration(dtype=dtype, in_channels=3, size=(4, 5), batch=2, input_layout=layout, seed=seed)
            given = make_tensors(c).input
            back = bridge.there_and_back(given)
            self.assertEqual(back.data_ptr(), given.data_ptr())
            self.assertEqual(back.stride(), given.stride())
            require_equal_bits(f"{dtype} {layout}", back, given)

    def test_empty_and_scalar_tensors_cross(self) -> None:
        for sizes in ((), (0,), (2, 0, 3), (1,) * 8):
            self.assertEqual(bridge.there_and_back(torch.zeros(sizes)).shape, torch.Size(sizes))

    def test_a_capsule_is_taken_once(self) -> None:
        capsule = bridge.give(torch.zeros(1))
        library.there_and_back(capsule)
        with self.assertRaises(ValueError):
            library.there_and_back(capsule)

    def test_what_has_no_dtype_is_refused_and_stays_the_givers(self) -> None:
        given = torch.arange(3)
        capsule = bridge.give(given)
        with self.assertRaisesRegex(ValueError, "no dtype for DLPack code 0 with 64 bits"):
            library.there_and_back(capsule)
        self.assertEqual(bridge.take(capsule).data_ptr(), given.data_ptr())

    def test_a_parameter_is_the_layers_own_memory_and_outlives_it(self) -> None:
        layer = library.Conv2d(1, 1, 1, bias=False)
        weight = bridge.parameters(layer)["weight"]
        weight.fill_(3)
        self.assertEqual(bridge.take(layer(bridge.give(torch.full((1, 1, 1, 1), 2.0)))).item(), 6)
        copy = layer.copy()
        bridge.parameters(copy)["weight"].fill_(5)
        del layer, copy
        gc.collect()
        self.assertEqual(weight.item(), 3)

    def test_a_single_channels_last_image_gives_a_channels_last_result(self) -> None:
        for sizes in ((1, 3, 8, 8), (1, 3, 1, 8), (1, 3, 8, 1), (2, 3, 8, 8)):
            for input_last, weight_last in ((True, False), (False, True)):
                input, weight = torch.randn(sizes), torch.randn(4, 3, 1, 2 if sizes[3] > 1 else 1)
                input = input.contiguous(memory_format=torch.channels_last) if input_last else input
                weight = weight.contiguous(memory_format=torch.channels_last) if weight_last else weight
                ours, theirs = bridge.forward("conv2d", input, weight), F.conv2d(input, weight)
                require_same_memory_format(f"{sizes} {input_last} {weight_last}", ours, theirs)


def windows(c: Configuration) -> tuple[Any, ...]:
    return (c.kernel, c.dilation, c.padding, c.stride)


def check_unfold_and_fold(c: Configuration) -> None:
    """unfold moves elements and is exact; fold adds as many of them as it does of ones."""
    t = make_tensors(c)
    x = expected.widened(t.input)
    columns = F.unfold(x, *windows(c))
    ours = bridge.take(library.unfold(bridge.give(t.input), *windows(c)))
    require_equal_bits("unfold", ours, columns.to(t.input.dtype))
    folded = [F.fold(change(columns), c.size, *windows(c)) for change in (torch.clone, expected.ones, torch.abs)]
    expectation = expected.Expectation(*folded)
    back = bridge.take(library.fold(bridge.give(ours), c.size, *windows(c)))
    require_close("fold", back, expectation, expectation.tolerance(t.input.dtype))
    check_window_layers(c, t.input, ours, back)


def check_window_layers(
    c: Configuration, input: torch.Tensor, columns: torch.Tensor, folded: torch.Tensor
) -> None:
    """The layers do what the functions do, and are each other's gradients."""
    unfold, fold = library.Unfold(*windows(c)), library.Fold(c.size, *windows(c))
    require_equal_bits("Unfold", bridge.take(unfold(bridge.give(input))), columns)
    require_equal_bits("Fold", bridge.take(fold(bridge.give(columns))), folded)
    back = unfold.backward(bridge.give(columns), list(input.shape))
    require_equal_bits("Unfold's gradient", bridge.take(back), folded)
    require_equal_bits("Fold's gradient", bridge.take(fold.backward(bridge.give(input))), columns)
    if unfold.output_sizes(list(input.shape)) != list(columns.shape):
        raise AssertionError(f"Unfold.output_sizes says {unfold.output_sizes(list(input.shape))}")
    if fold.output_sizes(list(columns.shape)) != list(folded.shape):
        raise AssertionError(f"Fold.output_sizes says {fold.output_sizes(list(columns.shape))}")


def with_windows(rng: random.Random) -> Iterator[Configuration]:
    for c in configurations(rng, ("float32", "float64", "bfloat16", "float16")):
        if not c.transposed and c.padding_mode == "zeros" and isinstance(c.padding, tuple) and len(c.padding) == 2:
            yield c


def check_pad(c: Configuration) -> None:
    t = make_tensors(c)
    top, bottom, left, right = c.sides()
    mode = "constant" if c.padding_mode == "zeros" else c.padding_mode
    value = 1.5 if c.padding_mode == "zeros" else 0.0
    batched = expected.widened(t.input.unsqueeze(0) if c.batch is None else t.input)
    padded = F.pad(batched, (left, right, top, bottom), mode, value).to(t.input.dtype)
    ours = bridge.take(library.pad(bridge.give(t.input), c.sides(), c.padding_mode, value))
    require_equal_bits("pad", ours, padded.squeeze(0) if c.batch is None else padded)


def with_padding(rng: random.Random) -> Iterator[Configuration]:
    return (c for c in configurations(rng, DTYPES) if not c.transposed)


class Siblings(unittest.TestCase):
    def test_unfold_and_fold(self) -> None:
        for_all(check_unfold_and_fold, 500, with_windows)

    def test_pad(self) -> None:
        for_all(check_pad, 500, with_padding)

    def test_what_unfold_and_fold_refuse(self) -> None:
        image, columns = torch.zeros(1, 2, 8, 7), torch.zeros(1, 18, 30)
        for name, arguments, words in (
            ("unfold", (torch.zeros(8), 3, 1, 0, 1), "Expected 3D or 4D"),
            ("unfold", (torch.zeros(1, 2, 0, 7), 3, 1, 0, 1), r"Expected 3D or 4D.*\[1, 2, 0, 7\]"),
            ("unfold", (image, 9, 1, 0, 1), r"kernel_size=\(9, 9\).*components must be at least one"),
            ("unfold", (image, 0, 1, 0, 1), "kernel size should be greater than zero, but got kernel_height: 0"),
            ("unfold", (image, 3, 0, 0, 1), "dilation should be greater than zero, but got"),
            ("unfold", (image, 3, 1, 0, 0), "stride should be greater than zero, but got"),
            ("unfold", (image, 3, 1, -1, 1), "padding.*-1"),
            ("fold", (torch.zeros(18), (8, 7), 3, 1, 0, 1), r"Expected 2D or 3D.*\[18\]"),
            ("fold", (columns[:, :17], (8, 7), 3, 1, 0, 1), r"divisible by the product.*input.size\(1\)=17"),
            ("fold", (columns[:, :, :29], (8, 7), 3, 1, 0, 1), r"sliding blocks 6 \* 5.*input.size\(2\)=29"),
        ):
            with self.subTest(words):
                with self.assertRaises((RuntimeError, IndexError)) as theirs:
                    getattr(F, name)(*arguments)
                with self.assertRaisesRegex(ValueError, words):
                    getattr(library, name)(bridge.give(arguments[0]), *arguments[1:])
                if not isinstance(theirs.exception, IndexError):  # PyTorch's words, where it has any
                    self.assertRegex(str(theirs.exception), words)


if __name__ == "__main__":
    unittest.main()

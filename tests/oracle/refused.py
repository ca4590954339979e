"""Calls that PyTorch and the library both refuse, and what their sentences must say."""

from typing import Any, NamedTuple

import torch

from calls import Call, FunctionCall, LayerCall, Sizes

ANYTHING = "."


class Refused(NamedTuple):
    call: Call
    common: str  # what both say; ANYTHING where PyTorch's words are of no use to the reader
    own: str = ANYTHING  # what ours says besides: the value given, what is allowed


def layer(name: str, *positional: Any, input: Sizes = (1, 4, 8, 8), **keywords: Any) -> LayerCall:
    dtype = keywords.pop("input_dtype", torch.float32)
    return LayerCall(name, positional, keywords, input, dtype)


def conv(input: Sizes = (1, 4, 8, 8), **keywords: Any) -> LayerCall:
    return layer("Conv2d", 4, 6, 3, input=input, **keywords)


def transposed(input: Sizes = (1, 4, 8, 8), **keywords: Any) -> LayerCall:
    return layer("ConvTranspose2d", 4, 6, 3, input=input, **keywords)


def function(weight: Sizes = (6, 4, 3, 3), bias: Sizes | None = None, **keywords: Any) -> FunctionCall:
    dtypes = {name: keywords.pop(name) for name in ("weight_dtype", "bias_dtype") if name in keywords}
    return FunctionCall("conv2d", (1, 4, 8, 8), weight, bias, keywords, **dtypes)


REFUSED = (
    # Groups and channels.
    Refused(conv(groups=0), "groups must be a positive integer", "got 0"),
    Refused(conv(groups=-2), "groups must be a positive integer", "got -2"),
    Refused(transposed(groups=0), "groups must be a positive integer", "got 0"),
    Refused(function(groups=0), "groups", "groups must be a positive integer.*groups=0"),
    Refused(conv(groups=3), "in_channels must be divisible by groups", "in_channels=4 and groups=3"),
    Refused(conv(groups=4), "out_channels must be divisible by groups", "out_channels=6 and groups=4"),
    Refused(transposed(groups=3), "in_channels must be divisible by groups", "in_channels=4 and groups=3"),
    Refused(transposed(groups=4), "out_channels must be divisible by groups", "out_channels=6 and groups=4"),
    Refused(layer("Conv2d", 4, 0, 3), "at least 1", "out_channels must be at least 1, but got 0"),
    Refused(layer("Conv2d", -4, 6, 3), "-4", "in_channels must be at least 0, but got -4"),
    Refused(
        conv(input=(1, 3, 8, 8)),
        r"Given groups=1, weight of size \[6, 4, 3, 3\], expected input\[1, 3, 8, 8\] to have 4 channels,"
        r" but got 3 channels instead",
    ),
    Refused(
        conv(input=(1, 2, 8, 8), groups=2),
        r"Given groups=2, weight of size \[6, 2, 3, 3\], expected input\[1, 2, 8, 8\] to have 4 channels,"
        r" but got 2 channels instead",
    ),
    Refused(
        transposed(input=(1, 3, 8, 8)),
        r"weight of size \[4, 6, 3, 3\], expected input\[1, 3, 8, 8\] to have 4 channels,"
        r" but got 3 channels instead",
    ),
    Refused(
        function(groups=4),
        ANYTHING,
        r"expected weight to be divisible by 4 at dimension 0, but got weight of size \[6, 4, 3, 3\] instead",
    ),
    # Padding.
    Refused(conv(padding="full"), "Invalid padding string 'full', should be one of {.*'same'.*}", "'valid'"),
    Refused(function(padding="foo"), "Invalid padding string:? 'foo'", "'same'.*'valid'"),
    Refused(transposed(padding="same"), "padding", "takes its padding in numbers.*'same'"),
    Refused(conv(padding=-1), "negative padding is not supported", "top -1"),
    Refused(transposed(padding=(0, -1)), "negative padding is not supported", "left -1"),
    Refused(
        conv(padding_mode="symmetric"),
        "padding_mode must be one of {.*}, but got padding_mode='symmetric'",
        "'zeros', 'reflect', 'replicate', 'circular'",
    ),
    Refused(
        transposed(padding_mode="reflect"),
        'Only "zeros" padding mode is supported for ConvTranspose2d',
        "but got padding_mode='reflect'",
    ),
    Refused(
        conv(padding=8, padding_mode="reflect"),
        r"Padding size should be less than the corresponding input dimension.*but got.*padding \(8, 8\)",
        "height 8",
    ),
    Refused(
        conv(padding=(0, 9), padding_mode="circular"),
        "Padding value causes wrapping around more than once",
        r"padding \(9, 9\) for an input of width 8",
    ),
    Refused(
        conv(input=(1, 4, 0, 8), padding=2, padding_mode="replicate"),
        ANYTHING,
        "replicate mode needs an input with at least one element.*height 0",
    ),
    Refused(
        conv(input=(1, 4, 0, 8), padding=2, padding_mode="reflect"),
        ANYTHING,
        "Padding size should be less.*height 0",
    ),
    # Stride, dilation, output_padding.
    Refused(conv(stride=0), "non-positive stride is not supported", r"\[0, 0\]"),
    Refused(conv(stride=(1, -2)), "non-positive stride is not supported", r"\[1, -2\]"),
    Refused(transposed(stride=0), "non-positive stride is not supported", r"\[0, 0\]"),
    Refused(conv(dilation=0), r"dilation should be greater than zero, but got \[0, 0\]"),
    Refused(transposed(dilation=(1, -1)), "dilation should be greater than zero, but got", r"\[1, -1\]"),
    Refused(
        transposed(output_padding=1),
        "output padding must be smaller than either stride or dilation, but got",
        r"output_padding \[1, 1\], stride \[1, 1\], dilation \[1, 1\]",
    ),
    Refused(
        transposed(output_padding=2, stride=(2, 3)),
        "output padding must be smaller than either stride or dilation, but got",
        r"output_padding \[2, 2\], stride \[2, 3\]",
    ),
    Refused(transposed(output_padding=-1), "negative output_padding is not supported", r"\[-1, -1\]"),
    # Sizes.
    Refused(
        conv(input=(8, 8)),
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got input of size: \[8, 8\]",
    ),
    Refused(
        conv(input=(1, 1, 4, 8, 8)),
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got input of size: \[1, 1, 4, 8, 8\]",
    ),
    Refused(
        transposed(input=(8, 8)),
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv_transpose2d, but got input of size: \[8, 8\]",
    ),
    Refused(
        layer("Conv2d", 4, 6, 9),
        r"Calculated padded input size per channel: \(8 x 8\). Kernel size: \(9 x 9\)."
        r" Kernel size can't be greater than actual input size",
    ),
    Refused(conv(dilation=4), r"\(8 x 8\). Kernel size: \(9 x 9\). Kernel size can't be greater"),
    Refused(conv(input=(0, 4, 1, 8)), r"\(1 x 8\). Kernel size: \(3 x 3\). Kernel size can't be greater"),
    Refused(
        conv(input=(1, 4, 0, 8), padding=1),
        r"\(2 x 10\). Kernel size: \(3 x 3\). Kernel size can't be greater",
    ),
    Refused(
        transposed(padding=20),
        r"Given input size per channel: \(8 x 8\). Calculated output size per channel: \(-30 x -30\)."
        r" Output size is too small",
    ),
    Refused(
        layer("Conv2d", 4, 6, 0),
        "kernel size should be greater than zero, but got kernel_height: 0 kernel_width: 0",
    ),
    Refused(layer("Conv2d", 4, 6, -1), "-1", "kernel size should be greater than zero"),
    Refused(layer("ConvTranspose2d", 4, 6, 0), "kernel size should be greater than zero, but got", "_height: 0"),
    Refused(function(weight=(6, 4, 3)), ANYTHING, r"4D weight .* got weight of size: \[6, 4, 3\]"),
    Refused(
        function(bias=(5,)),
        r"Given weight of size \[6, 4, 3, 3\], expected bias to be 1-dimensional with 6 elements,"
        r" but got bias of size \[5\] instead",
    ),
    Refused(
        function(bias=(1, 6)),
        r"expected bias to be 1-dimensional with 6 elements, but got bias of size \[1, 6\] instead",
    ),
    # Types.
    Refused(
        conv(input_dtype=torch.float64),
        r"Input type \(\w+\) and \w+ type \(\w+\) should be the same",
        "float64.*float32",
    ),
    Refused(
        function(weight_dtype=torch.float64),
        ANYTHING,
        r"Input type \(float32\) and weight type \(float64\) should be the same",
    ),
    Refused(
        function(bias=(6,), bias_dtype=torch.float64),
        r"Input type \(float(32)?\) and bias type \((double|float64)\) should be the same",
    ),
)

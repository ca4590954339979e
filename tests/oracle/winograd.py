"""How much further rounding may lead astray where Winograd's convolution may run.

That is: float32, a 3x3 kernel, stride and dilation 1, precision 'default'. docs/winograd.md derives

    |computed - z| <= gamma(C + 20) * (|A'| [sum over c of (|G||g||G'|) . (|B'||d||B|)] |A| + |bias|)

with d the 6x6 inputs of the tile that an output lies in, and says that the bracket is at most
AMPLIFICATION for each channel where |g| and |d| are at most 1. (Tiles of 4x4 inputs have fewer
roundings, 64 for 564, and reach less far.) Where tiles begin is the library's affair: whatever it
chooses, an output's tile begins at most 3 before the output's own window and ends at most 3 after
it. So a channel adds at most AMPLIFICATION * max |g| * max |d|, the
second taken over those 9x9 inputs.
"""

import dataclasses
from typing import Union

import torch
import torch.nn.functional as F

from configuration import Configuration, Tensors
from layouts import packed

AMPLIFICATION = 564
OTHER_ROUNDINGS = 20 + 1  # of the transforms, and the addition of the two sums of a second order
REACH = 3
WINDOW = REACH + 3 + REACH
Excess = Union[float, torch.Tensor]


def may_run(c: Configuration) -> bool:
    plain = c.kernel == (3, 3) and c.stride == (1, 1) and c.dilation == (1, 1)
    return plain and c.dtype == "float32" and c.precision == "default"


def forward(c: Configuration, t: Tensors) -> dict[str, Excess]:
    return {"output": _excess(c, t.input, t.weight)}


def gradients(c: Configuration, t: Tensors) -> dict[str, Excess]:
    return {"grad_input": _excess(_adjoint(c), t.grad_output, t.weight)}


def second_gradients(c: Configuration, t: Tensors) -> dict[str, Excess]:
    of_input, of_weight, _ = t.grads_of_grads
    output: Excess = 0.0
    if of_input is not None:
        output = output + _excess(c, of_input, t.weight)
    if of_weight is not None:
        output = output + _excess(c, t.input, of_weight)
    input = 0.0 if of_weight is None else _excess(_adjoint(c), t.grad_output, of_weight)
    return {"second_grad_output": output, "second_input": input}


def _adjoint(c: Configuration) -> Configuration:
    """The layer whose output is the gradient of this one's input."""
    return dataclasses.replace(
        c,
        function="conv2d" if c.transposed else "conv_transpose2d",
        in_channels=c.out_channels,
        out_channels=c.in_channels,
        size=(c.output_size(0), c.output_size(1)),
        padding=c.sides(),
    )


def _excess(c: Configuration, x: torch.Tensor, w: torch.Tensor) -> Excess:
    # The gradient of an input whose border is not zeros never runs this way.
    if not may_run(c) or (c.transposed and c.padding_mode != "zeros"):
        return 0.0
    roundings = c.in_channels // c.groups + OTHER_ROUNDINGS
    unit = torch.finfo(torch.float32).eps / 2
    gamma = roundings * unit / (1 - roundings * unit)
    near, largest = _near(c, packed(x).double().abs()), packed(w).double().abs().amax((2, 3), keepdim=True)
    convolve = F.conv_transpose2d if c.transposed else F.conv2d
    return gamma * AMPLIFICATION * convolve(near, largest, groups=c.groups)


def _near(c: Configuration, x: torch.Tensor) -> torch.Tensor:
    """For each output and input channel, the largest input that its tile may hold."""
    batched = x.unsqueeze(0) if c.batch is None else x
    top, bottom, left, right = c.sides()
    if c.transposed:  # a convolution of the input between two zeros at each side, then cropped
        sides = (2 - left, 2 - right, 2 - top, 2 - bottom)
        padded = F.pad(batched, sides)
    else:
        mode = "constant" if c.padding_mode == "zeros" else c.padding_mode
        padded = F.pad(batched, (left, right, top, bottom), mode)
    near = F.max_pool2d(F.pad(padded, (REACH,) * 4), WINDOW, stride=1)
    return near.squeeze(0) if c.batch is None else near

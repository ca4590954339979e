"""The same configuration as a user of PyTorch would run it, in its own dtype, where PyTorch can."""

from typing import Optional

import torch
import torch.nn.functional as F

from configuration import Configuration, Tensors
from layouts import packed


def torch_has(c: Configuration) -> bool:
    """Whether PyTorch 1.13.1 computes it on a CPU; each line is a gap that we fill."""
    dtype = c.torch_dtype
    if dtype == torch.float16:
        return False
    if dtype == torch.bfloat16 and (c.transposed or c.padding_mode in ("reflect", "replicate")):
        return False  # it runs a transposed layer as a Conv2d, where the sizes let it
    if c.batch == 0:  # it fails on an empty channels-last tensor; the sizes are checked elsewhere
        return False
    if c.transposed and (dtype.is_complex or c.is_integer or not _is_pair(c)):
        return False
    if c.is_integer:
        return c.dilation == (1, 1) and c.padding_mode == "zeros"
    return not (c.padding_mode == "circular" and c.batch is None)


def _is_pair(c: Configuration) -> bool:
    return isinstance(c.padding, tuple) and len(c.padding) == 2


def layer_takes_padding(c: Configuration) -> bool:
    """Whether PyTorch's layer can be given this padding, in words or in numbers."""
    return _is_pair(c) or c.padding == "valid" or (c.padding == "same" and c.stride == (1, 1))


def pads_itself(c: Configuration) -> bool:
    """Whether F.conv2d takes this padding without a padded copy."""
    return c.padding_mode == "zeros" and layer_takes_padding(c)


def forward(c: Configuration, x: torch.Tensor, w: torch.Tensor, b: Optional[torch.Tensor]) -> torch.Tensor:
    if c.transposed:
        return F.conv_transpose2d(x, w, b, c.stride, c.padding, c.output_padding, c.groups, c.dilation)
    if pads_itself(c):
        return F.conv2d(x, w, b, c.stride, c.padding, c.dilation, c.groups)
    top, bottom, left, right = c.sides()
    mode = "constant" if c.padding_mode == "zeros" else c.padding_mode
    return F.conv2d(F.pad(x, (left, right, top, bottom), mode), w, b, c.stride, 0, c.dilation, c.groups)


def _taps_in_padding_alone(c: Configuration, axis: int) -> list[bool]:
    """Of each tap of an axis, whether no output reads an element of the input through it."""
    before, after = c.sides()[2 * axis : 2 * axis + 2]
    size, kernel, stride, dilation = c.size[axis], c.kernel[axis], c.stride[axis], c.dilation[axis]
    outputs = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
    return [
        not any(0 <= output * stride + tap * dilation - before < size for output in range(outputs))
        for tap in range(kernel)
    ]


def gradients(c: Configuration, t: Tensors) -> dict[str, torch.Tensor]:
    # PyTorch's weight gradient is wrong, in float64, for an unbatched channels-last input and a
    # channels-last weight in groups; and its input gradient is, in bfloat16, for a channels-last
    # input and an output of one channel.
    plain = (c.batch is None and c.groups > 1) or c.dtype == "bfloat16"
    d = t.map(lambda tensor: (packed(tensor) if plain else tensor).detach().requires_grad_())
    sources = {"grad_input": d.input, "grad_weight": d.weight}
    if d.bias is not None:
        sources["grad_bias"] = d.bias
    output = forward(c, d.input, d.weight, d.bias)
    found = dict(zip(sources, torch.autograd.grad(output, tuple(sources.values()), t.grad_output)))
    # On processors with AMX its weight gradient, in bfloat16, has whatever was in memory for taps
    # that lie in the padding at every output, and changes from call to call; it should be 0.
    if c.dtype == "bfloat16" and pads_itself(c):
        found["grad_weight"][:, :, _taps_in_padding_alone(c, 0)] = 0
        found["grad_weight"][:, :, :, _taps_in_padding_alone(c, 1)] = 0
    return found

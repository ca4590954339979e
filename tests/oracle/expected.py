"""What PyTorch says a configuration gives, in float64, and how far rounding may lead away from it.

The expectation is computed from the inputs as they are, widened to float64 (complex128), by the
plainest route PyTorch has: the border is padded by F.pad, the transposed layer's padding is cropped
from its full output, complex numbers are four real convolutions, and gradients of both orders are
autograd's of that. Integers are split into halves of 16 bits, whose sums are exact in float64.

How far off a result may be. All that is compared is a sum of products, z = sum of x_i * w_i. A
computation in a type of unit roundoff u gives sum of x_i * w_i * (1 + d_i), where 1 + d_i is the
product of at most m factors 1 + e with |e| <= u, one for each rounding on the way from x_i * w_i to
the result. So |d_i| <= theta(m) = (1 + u)^m - 1 and, in whatever order the sum is taken,

    |computed - z| <= theta(m) * sum of |x_i| |w_i|.
    (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1)

Where Winograd's convolution may run, what winograd.py derives is added.

The number of terms of each element is what the same computation gives when every input is one, and
sum of |x_i| |w_i| what it gives for the absolute values: both are exact to float64's precision.
"""

import dataclasses
from collections.abc import Callable
from typing import Optional

import torch
import torch.nn.functional as F

import winograd
from configuration import Configuration, Tensors
from layouts import packed

Results = dict[str, torch.Tensor]
Compute = Callable[[Configuration, Tensors], Results]

# Roundings between a product and the result that are not additions of the sum: the product itself,
# a complex product's difference, the bias, and the addition of the two sums of a second order.
OTHER_ROUNDINGS = 4


def convolve(c: Configuration, x: torch.Tensor, w: torch.Tensor, b: Optional[torch.Tensor]) -> torch.Tensor:
    """The layer on float64 or complex128 tensors."""
    if x.is_complex():
        xr, xi, wr, wi = map(packed, (x.real, x.imag, w.real, w.imag))
        real = _convolve_real(c, xr, wr) - _convolve_real(c, xi, wi)
        result = torch.complex(real, _convolve_real(c, xr, wi) + _convolve_real(c, xi, wr))
    else:
        result = _convolve_real(c, x, w)
    return result if b is None else result + b[:, None, None]


def _convolve_real(c: Configuration, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    batched = x.unsqueeze(0) if c.batch is None else x
    top, bottom, left, right = c.sides()
    if c.transposed:
        full = F.conv_transpose2d(batched, w, None, c.stride, 0, c.output_padding, c.groups, c.dilation)
        result = full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]
    else:
        mode = "constant" if c.padding_mode == "zeros" else c.padding_mode
        padded = F.pad(batched, (left, right, top, bottom), mode)
        result = F.conv2d(padded, w, None, c.stride, 0, c.dilation, c.groups)
    return result.squeeze(0) if c.batch is None else result


def forward(c: Configuration, t: Tensors) -> Results:
    return {"output": convolve(c, t.input, t.weight, t.bias)}


def _differentiable(t: Tensors) -> Tensors:
    return t.map(lambda tensor: tensor.detach().requires_grad_())


def _or_zeros(gradients: tuple[Optional[torch.Tensor], ...], like: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    return [torch.zeros_like(l) if g is None else g for g, l in zip(gradients, like)]


def gradients(c: Configuration, t: Tensors) -> Results:
    """The gradients of input, weight and bias, whether or not the configuration has a bias."""
    d = _differentiable(t)
    bias = torch.zeros(c.out_channels, dtype=t.input.dtype).requires_grad_()
    output = convolve(c, d.input, d.weight, bias)
    found = torch.autograd.grad(output, (d.input, d.weight, bias), t.grad_output)
    return dict(zip(("grad_input", "grad_weight", "grad_bias"), found))


def second_gradients(c: Configuration, t: Tensors) -> Results:
    """What flows from t.grads_of_grads to the gradient of the output, the input and the weight."""
    d = _differentiable(t)
    bias = torch.zeros(c.out_channels, dtype=t.input.dtype).requires_grad_()
    output = convolve(c, d.input, d.weight, bias)
    first = torch.autograd.grad(output, (d.input, d.weight, bias), d.grad_output, create_graph=True)
    flowing = [(f, gg) for f, gg in zip(first, t.grads_of_grads) if gg is not None]
    sources = (d.grad_output, d.input, d.weight)
    if flowing:
        targets, grads = zip(*flowing)
        found = torch.autograd.grad(targets, sources, grads, allow_unused=True)
    else:
        found = (None, None, None)
    return dict(zip(("second_grad_output", "second_input", "second_weight"), _or_zeros(found, sources)))


def widened(tensor: torch.Tensor) -> torch.Tensor:
    return packed(tensor.detach().to(torch.complex128 if tensor.is_complex() else torch.float64))


def magnitudes(tensor: torch.Tensor) -> torch.Tensor:
    return widened(tensor).abs()


def ones(tensor: torch.Tensor) -> torch.Tensor:
    return torch.ones(tensor.shape, dtype=torch.float64)


def theta(roundings: torch.Tensor, unit_roundoff: float) -> torch.Tensor:
    return torch.expm1(roundings * torch.log1p(torch.tensor(unit_roundoff, dtype=torch.float64)))


def unit_roundoff(dtype: torch.dtype) -> float:
    return torch.finfo(dtype).eps / 2


def summed_in(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.bfloat16, torch.float16) else dtype


@dataclasses.dataclass(frozen=True)
class Expectation:
    """The values of one result, their numbers of terms, and their sums of |x_i| |w_i|."""

    values: torch.Tensor
    terms: torch.Tensor
    absolute: torch.Tensor
    excess: winograd.Excess = 0.0  # what Winograd's convolution may add to the error

    def own_error(self) -> torch.Tensor:
        """How far `values` may be off themselves."""
        return theta(self.terms + OTHER_ROUNDINGS, unit_roundoff(torch.float64)) * self.absolute

    def tolerance(self, dtype: torch.dtype) -> torch.Tensor:
        """For a library that sums in summed_in(dtype) and rounds to dtype once.

        A complex part is a sum of twice as many products, whose absolute values add up to no more
        than those of the complex ones.
        """
        parts = 2 if dtype.is_complex else 1
        sums = theta(parts * self.terms + OTHER_ROUNDINGS, unit_roundoff(summed_in(dtype))) * self.absolute
        sums = sums + self.excess
        if summed_in(dtype) == dtype:
            return sums + self.own_error()
        limits = torch.finfo(dtype)
        smallest = limits.tiny * limits.eps  # the spacing of subnormal numbers
        return sums + unit_roundoff(dtype) * (self.values.abs() + sums) + smallest / 2 + self.own_error()

    def torch_tolerance(self, dtype: torch.dtype) -> torch.Tensor:
        """For PyTorch 1.13.1 itself.

        Its bfloat16 sums are rounded to bfloat16 after every term on some paths. Its complex
        convolutions are three real ones, of the real parts, the imaginary parts and the sums of
        both: |xr wr| + |xi wi| + (|xr| + |xi|)(|wr| + |wi|) <= 3 |x| |w|, with one more rounding
        for each sum of an input's parts.
        """
        parts, extra = (3, 2) if dtype.is_complex else (1, 0)
        roundings = parts * self.terms + OTHER_ROUNDINGS + extra
        return parts * theta(roundings, unit_roundoff(dtype)) * self.absolute + self.own_error()


def expect(compute: Compute, c: Configuration, t: Tensors) -> dict[str, Expectation]:
    """What `compute` (forward, gradients or second_gradients) should give."""
    values, terms, absolute = (compute(c, t.map(change)) for change in (widened, ones, magnitudes))
    excess = getattr(winograd, compute.__name__)(c, t)
    return {
        name: Expectation(
            *(results[name].detach() for results in (values, terms, absolute)), excess.get(name, 0.0)
        )
        for name in values
    }


def expect_integers(c: Configuration, t: Tensors) -> torch.Tensor:
    """The forward result modulo 2^32, as int32."""

    def convolve_exactly(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return convolve(c, packed(x.double()), packed(w.double()), None).long()

    x, w = t.input.long(), t.weight.long()
    low = 0xFFFF
    xl, xh, wl, wh = x & low, x >> 16, w & low, w >> 16
    total = convolve_exactly(xl, wl) + ((convolve_exactly(xl, wh) + convolve_exactly(xh, wl)) << 16)
    if t.bias is not None:
        total = total + t.bias.long()[:, None, None]
    return total.to(torch.int32)

"""The library under test, with PyTorch's tensors in and out.

Every call hands its tensors over as DLPack capsules, so nothing is copied on the way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import conv2d_oracle as library
import torch
from torch.utils.dlpack import from_dlpack, to_dlpack

Optionals = tuple[Optional[torch.Tensor], ...]
Mask = tuple[bool, bool, bool]
everything: Mask = (True, True, True)

# The tests run side by side, and the tensors are small.
torch.set_num_threads(1)
library.set_num_threads(1)


def give(tensor: torch.Tensor) -> Any:
    return to_dlpack(tensor.detach())


def give_optional(tensor: Optional[torch.Tensor]) -> Any:
    return None if tensor is None else give(tensor)


def take(capsule: Any) -> torch.Tensor:
    return from_dlpack(capsule)


def take_all(capsules: Sequence[Any]) -> Optionals:
    return tuple(None if capsule is None else take(capsule) for capsule in capsules)


def there_and_back(tensor: torch.Tensor) -> torch.Tensor:
    """The same memory, after the library has had it."""
    return take(library.there_and_back(give(tensor)))


def forward(
    function: str,
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: Optional[torch.Tensor] = None,
    **arguments: Any,
) -> torch.Tensor:
    """conv2d or conv_transpose2d, as `function` says."""
    return take(getattr(library, function)(give(input), give(weight), give_optional(bias), **arguments))


def backward(
    function: str,
    grad_output: torch.Tensor,
    input: torch.Tensor,
    weight: torch.Tensor,
    wanted: Mask = everything,
    **arguments: Any,
) -> Optionals:
    """The wanted ones of the gradients of input, weight and bias."""
    call = getattr(library, function + "_backward")
    return take_all(call(give(grad_output), give(input), give(weight), wanted, **arguments))


def double_backward(
    function: str,
    flowed: Optionals,
    grad_output: torch.Tensor,
    input: torch.Tensor,
    weight: torch.Tensor,
    wanted: Mask = everything,
    **arguments: Any,
) -> Optionals:
    """What flows to grad_output, input and weight from the gradients `flowed` of backward's three results."""
    call = getattr(library, function + "_double_backward")
    of_input, of_weight, of_bias = (give_optional(gradient) for gradient in flowed)
    tensors = give(grad_output), give(input), give(weight)
    return take_all(call(of_input, of_weight, of_bias, *tensors, wanted, **arguments))


def parameters(layer: Any) -> dict[str, torch.Tensor]:
    """A layer's own memory, under torch's names."""
    named = {"weight": layer.weight(), "bias": layer.bias()}
    return {name: take(capsule) for name, capsule in named.items() if capsule is not None}


def load_state_dict(layer: Any, state: Mapping[str, torch.Tensor], prefix: str = "") -> None:
    layer.load_state_dict({key: give(tensor) for key, tensor in state.items()}, prefix)

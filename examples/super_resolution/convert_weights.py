#!/usr/bin/python3
"""TensorFlow.js's weights as a safetensors file: convert_weights.py MODEL.JSON OUTPUT.SAFETENSORS

Of a layers model, as the npm package @upscalerjs/esrgan-slim has it in models/x4: model.json lists
the tensors in the order in which the .bin files beside it hold them. A kernel (R, S, C, K) becomes
LAYER.weight (K, C, R, S), a bias LAYER.bias, as PyTorch lays them out.
"""

import array
import json
import math
import os
import pathlib
import sys

NAMES = {"kernel": "weight", "bias": "bias"}


def stored(model):
    """Yields (name, shape, values) of each tensor."""
    manifest = json.loads(model.read_text(encoding="utf-8"))
    if manifest.get("format") != "layers-model":
        raise ValueError(f"{model} is no layers model of TensorFlow.js")
    for group in manifest["weightsManifest"]:
        data = b"".join((model.parent / path).read_bytes() for path in group["paths"])
        for tensor in group["weights"]:
            if tensor["dtype"] != "float32" or "quantization" in tensor:
                raise ValueError(f"{model}: {tensor['name']} is not stored as float32")
            length = 4 * math.prod(tensor["shape"])
            if len(data) < length:
                raise ValueError(f"{model}: the files beside it end within {tensor['name']}")
            values = array.array("f", data[:length])
            if sys.byteorder == "big":
                values.byteswap()
            yield tensor["name"], tensor["shape"], values
            data = data[length:]
        if data:
            raise ValueError(f"{model}: the files beside it hold {len(data)} bytes that it does not name")


def filters_first(shape, values):
    """(R, S, C, K) as (K, C, R, S)."""
    r, s, c, k = shape
    ordered = array.array("f")
    for filter_ in range(k):
        for channel in range(c):
            ordered.extend(values[channel * k + filter_ :: c * k])
    return [k, c, r, s], ordered


def converted(model):
    """{name: (shape, values)} under PyTorch's names."""
    tensors = {}
    for name, shape, values in stored(model):
        layer, part = name.split("/")
        tensors[f"{layer}.{NAMES[part]}"] = filters_first(shape, values) if len(shape) == 4 else (shape, values)
    return tensors


def safetensors(tensors):
    """The bytes of a file. Source: https://github.com/huggingface/safetensors#format"""
    header, data = {}, bytearray()
    for name, (shape, values) in sorted(tensors.items()):
        begin = len(data)
        if sys.byteorder == "big":
            values.byteswap()
        data += values.tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    model, output = map(pathlib.Path, sys.argv[1:])
    try:
        content = safetensors(converted(model))
        # Whole or not at all.
        beside = output.with_name(output.name + ".part")
        output.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, output)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"convert_weights.py: {error}")


if __name__ == "__main__":
    main()

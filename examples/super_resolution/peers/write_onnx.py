#!/usr/bin/python3
"""The model of a TensorFlow.js package as ONNX: write_onnx.py MODEL.JSON OUTPUT.ONNX

Layer by layer, as model.json lists them, with the channels first; only what ESRGAN-slim is made of.
The file is a protocol buffer, written here by hand.
Sources: https://onnx.ai/onnx/operators, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto,
https://protobuf.dev/programming-guides/encoding
"""

import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from convert_weights import converted  # noqa: E402

FLOAT, INT, INTS, STRING = 1, 2, 7, 3  # of AttributeProto.type
OPSET, IR_VERSION = 17, 8


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, value):
    """Bytes, text, or a message within a message."""
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, list):
        return block(1, name) + b"".join(number(8, item) for item in value) + number(20, INTS)
    if isinstance(value, str):
        return block(1, name) + block(4, value) + number(20, STRING)
    return block(1, name) + number(3, value) + number(20, INT)


def node(kind, inputs, output, **attributes):
    parts = [block(1, name) for name in inputs] + [block(2, output), block(3, output), block(4, kind)]
    return b"".join(parts + [block(5, attribute(*pair)) for pair in attributes.items()])


def tensor(name, shape, values):
    """Of float32; `values` is an array.array."""
    return b"".join(number(1, size) for size in shape) + number(2, FLOAT) + block(8, name) + block(9, values.tobytes())


def picture(name, channels):
    """A ValueInfoProto of (1, channels, any height, any width)."""
    sizes = [number(1, 1), number(1, channels), block(2, name + "_height"), block(2, name + "_width")]
    shape = b"".join(block(1, size) for size in sizes)
    return block(1, name) + block(2, block(1, number(1, FLOAT) + block(2, shape)))


def node_of(layer):
    """(the node, tensors that it needs besides the weights)"""
    kind, name, options = layer["class_name"], layer["name"], layer["config"]
    inputs = [source[0] for source in layer["inbound_nodes"][0]]
    if kind == "Conv2D":
        if options["activation"] != "linear" or options["strides"] != [1, 1] or options["dilation_rate"] != [1, 1]:
            raise ValueError(f"{name} is more than a plain convolution")
        sides = [size // 2 if options["padding"] == "same" else 0 for size in options["kernel_size"]]
        return node("Conv", [*inputs, name + ".weight", name + ".bias"], name, pads=sides + sides), b""
    if kind == "Activation" and options["activation"] == "relu":
        return node("Relu", inputs, name), b""
    if kind == "Add":
        return node("Add", inputs, name), b""
    if kind == "Concatenate":
        return node("Concat", inputs, name, axis=1), b""
    if kind == "UpSampling2D" and options["interpolation"] == "nearest":
        repeats = struct.pack("<4f", 1, 1, *options["size"])
        scales = number(1, 4) + number(2, FLOAT) + block(8, name + "_scales") + block(9, repeats)
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return node("Resize", [*inputs, "", name + "_scales"], name, **how), block(5, scales)
    raise ValueError(f"{name} is a {kind}, which is not known here")


def onnx(model):
    """The bytes of the file."""
    topology = json.loads(model.read_text(encoding="utf-8"))["modelTopology"]["model_config"]["config"]
    first, *layers = topology["layers"]
    graph = b""
    for layer in layers:
        made, more = node_of(layer)
        graph += block(1, made) + more
    for name, (shape, values) in converted(model).items():
        graph += block(5, tensor(name, shape, values))
    graph += block(2, "esrgan_slim")
    graph += block(11, picture(first["name"], 3)) + block(12, picture(topology["output_layers"][0][0], 3))
    return number(1, IR_VERSION) + block(7, graph) + block(8, block(1, "") + number(2, OPSET))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_bytes(onnx(pathlib.Path(sys.argv[1])))


if __name__ == "__main__":
    main()

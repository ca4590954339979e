"""Layers as `conv2d bench --list` prints them, and what kind of layer each is."""

import dataclasses
import pathlib
import re

SUITE = pathlib.Path(__file__).resolve().parents[2] / "cli" / "bench" / "suite.txt"

KEYS = re.compile(r"(mb|g|[io][chw]|[kspd][hw])(\d+)")
LINE = re.compile(rf'((?:{KEYS.pattern})+)(?:n"(.*)")?')


@dataclasses.dataclass(frozen=True)
class Layer:
    """The letters of the glossary; dilation counts from 1. `line` is its descriptor."""

    line: str
    name: str
    n: int
    c: int
    h: int
    w: int
    k: int
    p: int
    q: int
    r: int
    s: int
    groups: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    bottom: int
    left: int
    right: int

    @property
    def operations(self):
        """Multiplications and additions of the definition."""
        return 2 * self.n * self.k * self.p * self.q * (self.c // self.groups) * self.r * self.s

    @property
    def operations_on_inputs(self):
        """The same without those on the padding's zeros."""
        rows = taps_inside(self.h, self.p, self.r, self.stride_h, self.dilation_h, self.top)
        columns = taps_inside(self.w, self.q, self.s, self.stride_w, self.dilation_w, self.left)
        return 2 * self.n * self.k * (self.c // self.groups) * rows * columns

    def words(self):
        """As the drivers take it: key=value."""
        numbers = dataclasses.asdict(self)
        return [f"{key}={value}" for key, value in numbers.items() if key not in ("line", "name")]


def taps_inside(size, outputs, kernel, stride, dilation, before):
    """Of all outputs of an axis, the taps that read an element of the input."""
    positions = (p * stride + r * dilation - before for p in range(outputs) for r in range(kernel))
    return sum(0 <= position < size for position in positions)


def padding_behind(size, kernel, stride, dilation, before, output):
    """Below or right: as much as the output needs, and what stands above or left where that fits."""
    extent = (kernel - 1) * dilation + 1
    if (size + 2 * before - extent) // stride + 1 == output:
        return before
    return max(0, (output - 1) * stride + extent - size - before)


def parse_line(line):
    """A line of `conv2d bench --list`, in which all sizes stand; where no value of columns does, all
    repeat those of rows."""
    found = LINE.fullmatch(line)
    if not found:
        raise ValueError(f"not a line of conv2d bench --list: {line!r}")
    given = {key: int(value) for key, value in KEYS.findall(found[1])}

    def value(key, usual):
        return given.get(key, given.get(key[0] + "h", usual) if key[1] == "w" else usual)

    sizes = {"n": given["mb"], "c": given["ic"], "k": given["oc"], "groups": given.get("g", 1)}
    for key, letter in (("h", "ih"), ("w", "iw"), ("p", "oh"), ("q", "ow"), ("r", "kh"), ("s", "kw")):
        sizes[key] = value(letter, None)
    for axis in "hw":
        sizes["stride_" + axis] = value("s" + axis, 1)
        sizes["dilation_" + axis] = value("d" + axis, 0) + 1
    top, left = value("ph", 0), value("pw", 0)
    bottom = padding_behind(sizes["h"], sizes["r"], sizes["stride_h"], sizes["dilation_h"], top, sizes["p"])
    right = padding_behind(sizes["w"], sizes["s"], sizes["stride_w"], sizes["dilation_w"], left, sizes["q"])
    return Layer(
        line=line, name=found[4] or found[1], top=top, bottom=bottom, left=left, right=right, **sizes
    )


def suite():
    """The layers that `conv2d bench` times unless it is told others."""
    lines = SUITE.read_text(encoding="utf-8").splitlines()
    return [parse_line(line) for line in lines if line and line[0] != "#"]


def filters_images(layer):
    """A filter or two for each of a picture's channels."""
    return layer.c == layer.groups and layer.c <= 4 and layer.k <= 2 * layer.c


# Half of the 16 lanes of a vector: with no more output channels, vectors along these are half empty or
# worse. The 48 of super_resolution:last fill three.
FEW_OUTPUTS = 8


def is_tutorial(layer):
    """nn.Conv2d(3, 6, 5), the first layer that many people write."""
    sizes = (layer.c, layer.k, layer.r, layer.s, layer.groups)
    steps = {layer.stride_h, layer.stride_w, layer.dilation_h, layer.dilation_w}
    return sizes == (3, 6, 5, 5, 1) and steps == {1}


def class_of(layer):
    """The kind of layer, by its sizes alone: what means are taken over."""
    wide = ", wide kernel" if max(layer.r, layer.s) > 7 else ""
    if filters_images(layer):
        return f"image filter{wide}"
    if layer.c == layer.groups and layer.k == layer.c:
        return f"depthwise{wide}"
    if layer.groups > 1:
        return "grouped"
    if layer.h == layer.r == 1:
        return "1-D"
    if is_tutorial(layer):
        return "nn.Conv2d(3, 6, 5)"
    if layer.k <= FEW_OUTPUTS:
        return "few output channels"
    if layer.c <= 4:
        return "first layer"
    if max(layer.dilation_h, layer.dilation_w) > 1:
        return "dilated"
    if layer.r == layer.s == 1:
        return "1x1"
    if layer.c % 16 or layer.k % 16:
        return "odd channels"
    if max(layer.stride_h, layer.stride_w) > 1:
        return "strided"
    return "3x3" if layer.r == layer.s == 3 else "other dense"

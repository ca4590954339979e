"""PNG files written and measured without a library: the tests' own pictures."""

import struct
import zlib

CHANNELS = {"grey": 1, "grey with transparency": 2, "RGB": 3, "RGB with transparency": 4}
# The colour type that a PNG has for so many channels.
COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def png(width, height, channels, value=lambda x, y, c: (7 * x + 11 * y + 50 * c) % 256):
    """A PNG file of 8-bit samples. Source: https://www.w3.org/TR/png"""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(
        b"\0" + bytes(value(x, y, c) for x in range(width) for c in range(channels)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, COLOR_TYPES[channels], 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    )


def png_size(path):
    """(width, height) of a PNG file."""
    data = path.read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path} is no PNG")
    return struct.unpack(">II", data[16:24])

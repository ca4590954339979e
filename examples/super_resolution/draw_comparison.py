#!/usr/bin/python3
"""The picture of docs/super_resolution.md: draw_comparison.py PROGRAM WEIGHTS OUTPUT.PNG

A part of the photograph, four times as large three times: each pixel repeated, by bicubic
interpolation, and by the network.
"""

import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

PHOTOGRAPH = "/usr/lib/python3/dist-packages/skimage/data/astronaut.png"
PART = (178, 62, 266, 162)  # left, top, right, bottom: the face
SCALE, GAP = 4, 12


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    program, weights, output = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        enlarged = pathlib.Path(name) / "enlarged.png"
        subprocess.run([program, PHOTOGRAPH, "--weights", weights, "-o", enlarged], check=True)
        network = Image.open(enlarged).convert("RGB").crop([SCALE * side for side in PART])
    part = Image.open(PHOTOGRAPH).convert("RGB").crop(PART)
    size = network.size
    drawn = [part.resize(size, Image.NEAREST), part.resize(size, Image.BICUBIC), network]
    sheet = Image.new("RGB", (len(drawn) * (size[0] + GAP) - GAP, size[1]), "white")
    for number, picture in enumerate(drawn):
        sheet.paste(picture, (number * (size[0] + GAP), 0))
    sheet.save(output, optimize=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Draws the figures of docs/learn, as figures.txt lists them: make_figures.py COMMAND [FOLDER].

COMMAND is the conv2d to draw with; FOLDER is where they go, images/ unless given.
"""

import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def figures():
    """Name and arguments of each."""
    lines = (HERE / "figures.txt").read_text(encoding="utf-8").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    return {name: arguments for name, *arguments in filter(None, words)}


def draw(command, folder):
    for name, arguments in figures().items():
        target = folder / f"{name}.svg"
        subprocess.run([command, "figure", *arguments, "-o", target], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    draw(sys.argv[1], pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else HERE / "images")

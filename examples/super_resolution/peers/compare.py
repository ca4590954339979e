#!/usr/bin/python3
"""The super-resolution network here, in ONNX Runtime and in TensorFlow.js: seconds, memory, numbers.

Each program runs as a process of its own, on as many processors as it has threads, one after the
other and all of them in each round. A process enlarges the picture a few times; the least of all its
times counts, and the most memory that it held. Prints a table in Markdown. Fails where the numbers
of two programs differ by more than what rounding can do.
"""

import argparse
import dataclasses
import os
import pathlib
import platform
import statistics
import sys
import tempfile

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[3]
PEERS = pathlib.Path(__file__).resolve().parent
NODE_MODULES = ROOT / "build" / "npm" / "node_modules"
MODEL = NODE_MODULES / "@upscalerjs" / "esrgan-slim" / "models" / "x4" / "model.json"
LARGEST_DIFFERENCE = 0.001  # of 0..255; none above 0.0005 was seen

sys.path.insert(0, str(PEERS))
from write_onnx import onnx  # noqa: E402


@dataclasses.dataclass
class Contender:
    name: str
    threads: int
    command: list
    output: pathlib.Path
    seconds: list = dataclasses.field(default_factory=list)
    peak_bytes: int = 0

    def run(self, folder):
        """One process. Its own count of time, the system's of memory."""
        printed = folder / "printed.txt"
        process = os.fork()
        if process == 0:
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.threads])
            os.dup2(os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
            try:
                os.execvp(self.command[0], [str(word) for word in self.command])
            finally:
                os._exit(127)
        _, status, used = os.wait4(process, 0)
        if status != 0:
            sys.exit(f"{self.name} failed: {' '.join(map(str, self.command))}")
        self.seconds += [float(line) for line in printed.read_text().split()]
        self.peak_bytes = max(self.peak_bytes, 1024 * used.ru_maxrss)

    def numbers(self):
        """(3, height, width), whatever the order in the file."""
        values = numpy.load(self.output)
        values = values[0] if values.ndim == 4 else values
        return values if values.shape[0] == 3 else values.transpose(2, 0, 1)


def version(package):
    text = (NODE_MODULES / package / "package.json").read_text(encoding="utf-8")
    return text.split('"version": "')[1].split('"')[0]


def contenders(options, folder):
    """All of them, ours first, with their input files written."""
    rgb = numpy.asarray(Image.open(options.image).convert("RGB"), numpy.float32)
    numpy.save(folder / "last.npy", rgb[None])
    numpy.save(folder / "first.npy", numpy.ascontiguousarray(rgb.transpose(2, 0, 1)[None]))
    (folder / "model.onnx").write_bytes(onnx(MODEL))
    found = []

    def add(name, threads, *command):
        output = folder / f"{len(found)}.npy"
        found.append(Contender(name, threads, [output if word == "OUTPUT" else word for word in command], output))

    runs = str(options.runs)
    ours = [options.program, options.image, "--weights", options.weights, "-o", "OUTPUT", "--measure", runs]
    onnxruntime = ["node", PEERS / "onnxruntime.mjs", NODE_MODULES, folder / "model.onnx", folder / "first.npy"]
    tfjs = ["node", PEERS / "tfjs.mjs", NODE_MODULES, MODEL, folder / "last.npy", "OUTPUT", runs]
    for threads in sorted({1, min(2, len(os.sched_getaffinity(0)))}):
        own = [*ours, "--threads", str(threads)]
        add("conv2d.cpp, by tiles", threads, *own)
        add("conv2d.cpp, the whole at once", threads, *own, "--tile", "4096")
        add("conv2d.cpp, by tiles, exact sums", threads, *own, "--precision", "exact")
        add(f"ONNX Runtime {version('onnxruntime-node')}", threads, *onnxruntime, "OUTPUT", str(threads), runs)
    add(f"TensorFlow.js {version('@tensorflow/tfjs-core')}, wasm with SIMD", 1, *tfjs)
    return found, rgb.shape


def table(found):
    """Markdown; ratios are to our tiles with as many threads."""
    lines = [
        "| program | threads | seconds, least | median | times ours | peak memory, MiB | largest difference |",
        "|---|---|---|---|---|---|---|",
    ]
    ours = {}
    reference = found[0].numbers()
    worst = 0
    for one in found:
        least = min(one.seconds)
        ours.setdefault(one.threads, least)
        difference = float(abs(one.numbers() - reference).max())
        worst = max(worst, difference)
        lines.append(
            f"| {one.name} | {one.threads} | {least:.2f} | {statistics.median(one.seconds):.2f} "
            f"| {least / ours[one.threads]:.2f} | {one.peak_bytes / 2**20:.0f} | {difference:.5f} |"
        )
    return "\n".join(lines), worst


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", type=pathlib.Path, required=True, help="a PNG or JPEG")
    parser.add_argument("--program", type=pathlib.Path, required=True, help="super_resolution, as it was built")
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="its safetensors file")
    parser.add_argument("--runs", type=int, default=3, help="in each process (3)")
    parser.add_argument("--rounds", type=int, default=2, help="processes of each program (2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="super_resolution_peers.") as name:
        folder = pathlib.Path(name)
        found, (height, width, _) = contenders(options, folder)
        for number in range(options.rounds):
            for one in found:
                note = f"round {number + 1} of {options.rounds}: {one.name}, threads {one.threads}"
                print(note, file=sys.stderr, flush=True)
                one.run(folder)
        text, worst = table(found)
    print(f"{options.image.name}, {width} x {height} pixels, on {processor()}:\n\n{text}")
    if worst > LARGEST_DIFFERENCE:
        sys.exit(f"the numbers differ by {worst}, more than {LARGEST_DIFFERENCE}")


if __name__ == "__main__":
    main()

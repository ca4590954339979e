"""Running the command in a folder of its own, and the files that it reads and writes."""

import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile
import unittest

import numpy as np

COMMAND = os.environ["CONV2D_COMMAND"]
PHOTOGRAPH = "/usr/lib/python3/dist-packages/skimage/data/astronaut.png"
SEED = int(os.environ.get("CONV2D_TEST_SEED", random.SystemRandom().randrange(2**32)))
EPSILON = float(np.finfo(np.float32).eps)


class CommandTest(unittest.TestCase):
    """Each test has a fresh folder with photo.png in it, and runs the command there."""

    @classmethod
    def setUpClass(cls):
        print(f"CONV2D_TEST_SEED={SEED}", flush=True)

    def setUp(self):
        self.random = random.Random(SEED)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="conv2d_cli_test."))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(PHOTOGRAPH, self.folder / "photo.png")

    def run_command(self, *arguments, **options):
        return subprocess.run(
            [COMMAND, *arguments], cwd=self.folder, capture_output=True, text=True, check=False, **options
        )

    def succeed(self, *arguments):
        """What the command prints. Its stderr must be empty: that is for errors and progress."""
        done = self.run_command(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def succeed_json(self, *arguments):
        return json.loads(self.succeed(*arguments, "--json"))

    def refuse(self, *arguments):
        """The lines of stderr. The exit code must be 2, and no file may appear, change or go."""
        before = self.listing()
        done = self.run_command(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), (arguments, done.stderr))
        self.assertEqual(self.listing(), before)
        lines = done.stderr.splitlines()
        self.assertTrue(lines[0].startswith("conv2d: "), lines)
        return [lines[0][len("conv2d: ") :], *lines[1:]]

    def listing(self):
        return {path.name: path.stat().st_mtime_ns for path in self.folder.iterdir()}

    def save(self, name, array):
        np.save(self.folder / name, array)
        return name

    def load(self, name):
        return np.load(self.folder / name)


def read_safetensors(path):
    """https://github.com/huggingface/safetensors#format, float32 alone."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    return {
        key: np.frombuffer(body[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"])
        for key, entry in header.items()
        if key != "__metadata__"
    }


def write_safetensors(path, tensors):
    header, body = {}, b""
    for key, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, np.float32).tobytes()
        offsets = [len(body), len(body) + len(raw)]
        header[key] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        body += raw
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)

"""The super-resolution example with its real weights: the numbers of TensorFlow.js, and what it says
to bad input. `make test` has brought the weights and TensorFlow.js with npm, into build/npm."""

import json
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy
from PIL import Image

from pictures import png, png_size

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "super_resolution"
PROGRAM = os.environ["CONV2D_SUPER_RESOLUTION"]
NODE_MODULES = ROOT / "build" / "npm" / "node_modules"
MODEL = NODE_MODULES / "@upscalerjs" / "esrgan-slim" / "models" / "x4" / "model.json"
PHOTOGRAPH = "/usr/lib/python3/dist-packages/skimage/data/astronaut.png"
WIDTH, HEIGHT = 44, 31
# On the scale of 0 to 255. Both round each of the up to 1600 terms of twelve layers; none above
# 0.0005 was seen, on the whole photograph neither.
LARGEST_DIFFERENCE = 0.001


def pixel(x, y, c):
    """Edges, slopes and something like noise."""
    return (255 if (x // 7 + y // 5) % 3 == c else 4 * x + 2 * y + x * y * (c + 3) % 41) % 256


def convert(*arguments):
    return subprocess.run(
        [sys.executable, EXAMPLE / "convert_weights.py", *arguments], capture_output=True, text=True, check=False
    )


class SuperResolutionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="super_resolution_test."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.weights = cls.folder / "weights.safetensors"
        done = convert(MODEL, cls.weights)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        (cls.folder / "photo.png").write_bytes(png(WIDTH, HEIGHT, 3, pixel))

    def run_program(self, *arguments):
        weights = [] if "--weights" in arguments else ["--weights", self.weights]
        return subprocess.run(
            [PROGRAM, *weights, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def succeed(self, *arguments):
        done = self.run_program(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout


class BesideOthers(SuperResolutionTest):
    def expect_the_numbers_of_tensorflow_js(self, picture):
        rgb = numpy.asarray(Image.open(self.folder / picture), numpy.float32)
        numpy.save(self.folder / "input.npy", rgb[None])
        subprocess.run(
            ["node", EXAMPLE / "peers" / "tfjs.mjs", NODE_MODULES, MODEL, "input.npy", "tfjs.npy", "1"],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        theirs = numpy.load(self.folder / "tfjs.npy")[0].transpose(2, 0, 1)
        for options in (["--tile", "16"], ["--precision", "exact"]):
            self.succeed(picture, "-o", "ours.npy", *options)
            ours = numpy.load(self.folder / "ours.npy")
            self.assertEqual(ours.shape, theirs.shape)
            self.assertLess(abs(ours - theirs).max(), LARGEST_DIFFERENCE)

    def test_the_numbers_are_those_of_tensorflow_js(self):
        self.expect_the_numbers_of_tensorflow_js("photo.png")

    def test_the_numbers_of_a_real_photograph_are_too(self):
        with Image.open(PHOTOGRAPH) as whole:
            whole.crop((170, 60, 291, 159)).save(self.folder / "face.png")
        self.expect_the_numbers_of_tensorflow_js("face.png")

    def test_the_comparison_runs_all_programs_and_checks_their_numbers(self):
        done = subprocess.run(
            [sys.executable, EXAMPLE / "peers" / "compare.py", "--program", PROGRAM, "--weights", self.weights]
            + ["--image", self.folder / "photo.png", "--runs", "2", "--rounds", "1"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [[cell.strip() for cell in line.split("|")] for line in done.stdout.splitlines() if "|" in line]
        for name in ("conv2d.cpp, by tiles", "conv2d.cpp, the whole", "ONNX Runtime 1.", "TensorFlow.js 4."):
            found = [row for row in rows if row[1].startswith(name)]
            self.assertGreater(len(found), 0, done.stdout)
            for row in found:
                self.assertGreater(float(row[6]), 1, row)
                self.assertLess(float(row[7]), LARGEST_DIFFERENCE, row)


class OnItsOwn(SuperResolutionTest):
    def test_a_png_is_the_rounded_numbers(self):
        self.succeed("photo.png", "-o", "numbers.npy")
        printed = self.succeed("photo.png", "--threads", "1", "--tile", "16")
        self.assertIn(f"out/photo_x4.png: {4 * WIDTH} x {4 * HEIGHT} pixels", printed)
        picture = self.folder / "out" / "photo_x4.png"
        self.assertEqual(png_size(picture), (4 * WIDTH, 4 * HEIGHT))
        expected = numpy.floor(numpy.load(self.folder / "numbers.npy") + 0.5).clip(0, 255)
        numpy.testing.assert_array_equal(numpy.asarray(Image.open(picture)).transpose(2, 0, 1), expected)

    def test_measuring_prints_the_seconds_of_each_run(self):
        printed = self.succeed("photo.png", "--measure", "3")
        self.assertEqual(len([float(line) for line in printed.splitlines() if float(line) > 0]), 3)

    def test_a_bar_is_drawn_on_a_terminal_and_wiped_away(self):
        terminal, end = pty.openpty()
        command = [PROGRAM, "--weights", self.weights, "photo.png", "--tile", "16"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=end) as process:
            os.close(end)
            drawn = b""
            try:
                while chunk := os.read(terminal, 4096):
                    drawn += chunk
            except OSError:  # how Linux says that the other end is closed
                pass
        os.close(terminal)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"enlarging [" + 30 * b"=" + b"] 100%", drawn)
        self.assertEqual(drawn.count(b"%"), 1 + 3 * 2)
        self.assertTrue(drawn.endswith(b"\r\x1b[K"), drawn)

    def test_bad_input_gets_one_sentence_and_exit_code_2(self):
        (self.folder / "notes.txt").write_text("no picture")
        (self.folder / "cut.safetensors").write_bytes(self.weights.read_bytes()[:9000])
        (self.folder / "other.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        for arguments, word in (
            (["missing.png"], "missing.png"),
            (["notes.txt"], "notes.txt"),
            ([str(self.folder)], str(self.folder)),
            (["photo.png", "--weights", "missing.safetensors"], "make super-resolution"),
            (["photo.png", "--weights", "cut.safetensors"], "cut.safetensors"),
            (["photo.png", "--weights", "other.safetensors"], "SR.weight"),
            (["photo.png", "--tile", "0"], "between 16 and 4096"),
            (["photo.png", "--tile", "1000000"], "between 16 and 4096"),
            (["photo.png", "--precision", "high"], "exact"),
            (["photo.png", "--threads", "0"], "thread"),
            (["photo.png", "-o", "photo.gif"], ".png or .npy"),
            (["photo.png", "-o", "notes.txt/photo.png"], "notes.txt"),
        ):
            done = self.run_program(*arguments)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), (arguments, done.stderr))
            self.assertTrue(done.stderr.startswith("super_resolution: "), done.stderr)
            self.assertIn(word, done.stderr)

    def test_usage(self):
        self.assertIn("--tile", self.succeed("--help"))
        self.assertEqual(self.run_program("--tile", "many").returncode, 2)

    def test_the_forward_pass_is_short(self):
        self.assertLess(len((EXAMPLE / "network.cc").read_text().splitlines()), 150)


class Converter(SuperResolutionTest):
    def test_kernels_are_turned_to_pytorchs_order(self):
        data = self.weights.read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        begin, end = header["SR.weight"]["data_offsets"]
        ours = numpy.frombuffer(data[8 + length :][begin:end], "<f4").reshape(header["SR.weight"]["shape"])
        manifest = json.loads(MODEL.read_text())["weightsManifest"][0]
        stored, at = numpy.fromfile(MODEL.parent / manifest["paths"][0], "<f4"), 0
        for tensor in manifest["weights"]:
            count = int(numpy.prod(tensor["shape"]))
            if tensor["name"] == "SR/kernel":
                theirs = stored[at : at + count].reshape(tensor["shape"])
            at += count
        numpy.testing.assert_array_equal(ours, theirs.transpose(3, 2, 0, 1))

    def test_what_is_no_such_model_gets_one_sentence(self):
        other = self.folder / "other.json"
        model = json.loads(MODEL.read_text())
        shard = model["weightsManifest"][0]
        shutil.copy(MODEL.parent / shard["paths"][0], self.folder)
        quantized = json.loads(json.dumps(model))
        quantized["weightsManifest"][0]["weights"][0]["quantization"] = {"dtype": "uint8"}
        fewer = json.loads(json.dumps(model))
        del fewer["weightsManifest"][0]["weights"][-1]
        more = json.loads(json.dumps(model))
        more["weightsManifest"][0]["weights"].append(shard["weights"][0])
        for text, word in (
            ("{}", "layers model"),
            ("no JSON", "Expecting value"),
            (json.dumps(quantized), "float32"),
            (json.dumps(fewer), "does not name"),
            (json.dumps(more), "end within"),
        ):
            other.write_text(text)
            done = convert(other, self.folder / "never.safetensors")
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
            self.assertIn(word, done.stderr)
            self.assertFalse((self.folder / "never.safetensors").exists())
        self.assertEqual(convert(self.folder / "missing.json", other).returncode, 1)
        self.assertEqual(convert().returncode, 1)


if __name__ == "__main__":
    unittest.main()

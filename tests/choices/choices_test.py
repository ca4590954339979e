"""Layers drawn at random, and how much longer than the fastest algorithm the plan's choice takes."""

import os
import pathlib
import random
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / path) for path in ("bench/choices", "bench/peers", "tests/support")]

import bench_choices  # noqa: E402
import draw  # noqa: E402
import layers  # noqa: E402
from bench_case import BenchCase  # noqa: E402

COMMAND = os.environ["CONV2D_COMMAND"]

# The plan chooses slow, which takes 3 ms; fast takes 2 ms of contiguous layers and refuses all others.
FAKE = """#!{python}
import json, pathlib, sys
words = sys.argv
layout = words[words.index("--layout") + 1]
algorithm = words[words.index("--algorithm") + 1] if "--algorithm" in words else "slow"
for line in pathlib.Path(words[words.index("--layers") + 1]).read_text().splitlines():
    result = {{"algorithm": algorithm, "min_s": 0.002 if algorithm == "fast" else 0.003}}
    if algorithm == "fast" and layout == "nhwc":
        result = {{"algorithm": algorithm, "refused": "not here"}}
    print(json.dumps(result))
"""


class Draw(unittest.TestCase):
    def drawn(self, seed, count=200):
        return draw.layers(random.Random(seed), count, 1e6)

    def test_a_seed_draws_the_same_layers_again(self):
        self.assertEqual(self.drawn(7), self.drawn(7))
        self.assertNotEqual(self.drawn(7), self.drawn(8))

    def test_a_line_says_what_was_drawn(self):
        for layer in self.drawn(1):
            read = layers.parse_line(layer.line())
            self.assertEqual((read.groups, read.c, read.k), (layer.groups, layer.inputs, layer.outputs))
            self.assertEqual(((read.h, read.w), (read.p, read.q)), (layer.size, layer.output()))
            self.assertEqual((read.r, read.s), layer.kernel)

    def test_no_layer_takes_too_long_and_none_is_empty(self):
        for layer in self.drawn(2):
            self.assertLessEqual(layer.multiply_adds(), 1e6)
            self.assertGreater(min(layer.output()), 0)
            self.assertEqual(layer.inputs % layer.groups, 0)
            self.assertEqual(layer.outputs % layer.groups, 0)

    def test_all_kinds_are_drawn(self):
        kinds = {layer.kind() for layer in self.drawn(3)}
        self.assertEqual(kinds, {"1x1", "taps", "1x1, groups", "taps, groups"})


class Choices(BenchCase):
    def choose(self, command, *words):
        """(what was printed, what the report holds, its text)"""
        return self.bench(bench_choices.main, command, *words)[1:]

    def test_the_chosen_one_is_compared_with_the_fastest_that_takes_the_layer(self):
        printed, run, text = self.choose(self.fake(FAKE), "--layers", "3", "--algorithms", "slow", "fast")
        self.assertEqual([bench_choices.ratio(choice) for choice in run["choices"]], [1.5] * 3 + [1.0] * 3)
        self.assertTrue(printed.startswith("1.225 of the fastest's time"), printed)
        self.assertIn("| all |  | 6 | 1.225 | 50% | 0% |", text)
        self.assertIn("| slow | 3000 | fast | 2000 | 1.50 |", text)

    def test_the_real_command_times_each_layer_with_each_algorithm(self):
        _, run, _ = self.choose(
            COMMAND, "--layers", "2", "--most", "1e4", "--samples", "1", "--algorithms", "direct", "reference",
            "--precision", "exact", "--layouts", "nhwc",
        )  # fmt: skip
        for choice in run["choices"]:
            self.assertGreaterEqual(set(choice["seconds"]), {"direct", "reference", choice["chosen"]})
            self.assertGreaterEqual(bench_choices.ratio(choice), 1)

    def test_a_command_that_fails_is_named(self):
        with self.assertRaisesRegex(RuntimeError, "bench"):
            self.choose("/bin/false", "--layers", "1")


if __name__ == "__main__":
    unittest.main()

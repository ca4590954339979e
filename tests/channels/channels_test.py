"""The search for channel counts that are slower than larger ones: what it times, what it makes of times,
and its report."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / path) for path in ("bench/channels", "bench/peers", "tests/support")]

import bench_channels  # noqa: E402
import cliffs  # noqa: E402
import kinds  # noqa: E402
import layers  # noqa: E402
import lines  # noqa: E402
from bench_case import BenchCase  # noqa: E402

COMMAND = os.environ["CONV2D_COMMAND"]

# Takes a list of layers as `conv2d bench` does, and says that each takes as many milliseconds as it has
# vectors of 16 channels. But 17 of channels-last take 9; and of all others 33 do the first time.
FAKE = """#!{python}
import json, pathlib, re, sys
words = sys.argv
layout = words[words.index("--layout") + 1]
for line in pathlib.Path(words[words.index("--layers") + 1]).read_text().splitlines():
    channels = int(re.search(r"ic(\\d+)", line)[1])
    seconds = -(-channels // 16) / 1000
    seen = pathlib.Path(__file__).with_name(f"{{layout}}.{{line.split(chr(34))[1].replace(':', '.')}}")
    if (channels, layout) == (17, "nhwc") or (channels == 33 and not seen.exists()):
        seconds = 0.009
    seen.touch()
    print(json.dumps({{"layout": layout, "min_s": seconds, "gflops": channels / seconds / 1000, "algorithm": "fake"}}))
"""


def result(channels, seconds, layout="nchw", kind="1x1@28"):
    return {"kind": kind, "layout": layout, "channels": channels, "min_s": seconds, "gflops": channels / seconds,
            "algorithm": "direct"}  # fmt: skip


class Kinds(unittest.TestCase):
    def listed(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text)
            file.flush()
            command = [COMMAND, "bench", "--layers", file.name, "--list"]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [layers.parse_line(line) for line in said.splitlines()]

    def test_the_command_reads_each_as_it_is_meant(self):
        found = self.listed("".join(kind.line(17) + "\n" for kind in kinds.KINDS))
        self.assertEqual([layer.name for layer in found], [f"{kind.name}:17" for kind in kinds.KINDS])
        for kind, layer in zip(kinds.KINDS, found):
            self.assertEqual((layer.n, layer.c, layer.k, layer.groups), (1, 17, 17, 17 if kind.depthwise else 1))
            self.assertEqual((layer.h, layer.w, layer.p, layer.q), (kind.size,) * 4)
            self.assertEqual((layer.r, layer.s), (kind.kernel,) * 2)
        self.assertEqual({(kind.kernel, kind.size) for kind in kinds.KINDS if not kind.depthwise}, {(3, 28), (1, 28)})
        self.assertEqual(
            {(kind.kernel, kind.size) for kind in kinds.KINDS if kind.depthwise},
            {(kernel, size) for kernel in (3, 5, 7) for size in (14, 28)},
        )

    def test_counts_rise_and_lie_on_both_sides_of_powers_of_two(self):
        self.assertEqual(list(kinds.COUNTS), sorted(set(kinds.COUNTS)))
        self.assertTrue(set(range(1, 131)) <= set(kinds.COUNTS))
        for power in (256, 512, 1024):
            self.assertTrue({power - 1, power, power + 1} <= set(kinds.COUNTS))


class Cliffs(unittest.TestCase):
    def test_a_cliff_is_a_layer_that_takes_longer_than_one_with_more_channels(self):
        found = cliffs.cliffs([result(count, seconds) for count, seconds in (
            (40, 8.0), (16, 2.0), (17, 5.0), (24, 3.0), (32, 2.9), (33, 4.0))])  # fmt: skip
        self.assertEqual([(cliff.slow["channels"], cliff.fast["channels"]) for cliff in found], [(17, 32)])
        self.assertAlmostEqual(found[0].ratio, 5 / 2.9)

    def test_other_kinds_and_layouts_are_no_layers_of_the_same_kind(self):
        self.assertEqual(cliffs.cliffs([result(1, 2), result(2, 1, layout="nhwc"), result(3, 1, kind="3x3@28")]), [])

    def test_the_worst_comes_first(self):
        times = {1: 2.0, 2: 3.0, 3: 1.0}
        found = cliffs.cliffs([result(count, seconds) for count, seconds in times.items()])
        self.assertEqual([cliff.slow["channels"] for cliff in found], [2, 1])

    def test_the_worst_step_need_not_be_a_cliff(self):
        step = cliffs.worst_step([result(1, 1.0), result(2, 2.0), result(3, 4.0)])
        self.assertEqual((step.slow["channels"], step.fast["channels"], step.ratio), (1, 2, 0.5))
        self.assertIsNone(cliffs.worst_step([result(1, 1.0)]))

    def test_a_dip_is_beside_the_multiples_of_the_lanes(self):
        line = [result(8, 100.0), result(16, 1.0), result(20, 4.0), result(31, 2.0), result(32, 4.0), result(40, 99.0)]
        dip = cliffs.worst_dip(line)
        # 5 beside 16 and 8; 8 and 40 channels have a neighbour on one side alone.
        self.assertEqual((dip.slow["channels"], dip.fast["channels"], dip.share), (20, 16, 5 / 16))
        self.assertIsNone(cliffs.worst_dip(line[:2]))

    def test_a_multiple_of_the_lanes_may_be_a_dip_too(self):
        dip = cliffs.worst_dip([result(16, 1.0), result(32, 4.0), result(48, 3.0)])
        self.assertEqual((dip.slow["channels"], dip.fast["channels"], dip.share), (32, 16, 0.5))


class Picture(unittest.TestCase):
    def test_points_stand_where_their_rates_are(self):
        space = "{http://www.w3.org/2000/svg}"
        root = xml.etree.ElementTree.fromstring(lines.svg([result(1, 0.1), result(2, 2.0), result(4, 0.1)]))
        (drawn,) = root.iter(space + "polyline")
        panel = lines.Panel(lines.TOP + 10, {"nchw": [result(4, 0.1)]})
        points = [tuple(map(float, point.split(","))) for point in drawn.get("points").split()]
        self.assertEqual([x for x, _ in points], [lines.LEFT, lines.LEFT + lines.WIDTH / 2, lines.LEFT + lines.WIDTH])
        # 10, 1 and 40 GFLOP/s of at most 50.
        self.assertEqual([y for _, y in points], [panel.bottom - part * lines.HEIGHT for part in (0.2, 0.02, 0.8)])
        (circle,) = root.iter(space + "circle")
        self.assertEqual(float(circle.get("cx")), points[1][0])
        self.assertEqual(circle.find(space + "title").text, "2 channels take 20.00 times as long as 4")

    def test_axes_end_at_a_round_number(self):
        self.assertEqual([lines.top_of([value]) for value in (1, 1.2, 4, 60, 118)], [1, 2, 5, 100, 200])


class Sweep(BenchCase):
    def sweep(self, command, *words):
        """(exit status, what the report holds, its text)"""
        status, _, run, text = self.bench(bench_channels.main, command, *words)
        xml.etree.ElementTree.parse(self.out / "channels.svg")
        return status, run, text

    def test_what_was_disturbed_is_timed_again_and_a_cliff_stays(self):
        status, run, text = self.sweep(self.fake(FAKE), "--kinds", "1x1@28", "depthwise_3x3@14", "--samples", "3")
        self.assertEqual(status, 1)
        self.assertEqual(len(run["results"]), 2 * 2 * len(kinds.COUNTS))
        for kind in ("1x1@28", "depthwise_3x3@14"):
            self.assertIn(f"| {kind} | nhwc | 17 | 9 | fake | 32 | 2 | fake | 4.50 |", text)
        self.assertNotIn("| 33 | 9 |", text)
        # 17 channels at 17/9 beside 16 at 16; elsewhere 17 in the time of two vectors.
        self.assertIn("| 1x1@28 | nhwc | 4.50 | 17 | 32 | 12% | 17 | 1.89 | 16 | 16 |", text)
        self.assertIn("| 1x1@28 | nchw | 1.00 | 1 | 16 | 53% | 17 | 8.5 | 16 | 16 |", text)

    def test_without_a_cliff_it_says_so_and_ends_with_0(self):
        status, _, text = self.sweep(self.fake(FAKE), "--layouts", "nchw", "--counts", "16", "17", "32")
        self.assertEqual(status, 0)
        self.assertIn("## Cliffs", text)
        self.assertIn("\nNone.\n", text)

    def test_the_real_command_is_understood(self):
        _, run, _ = self.sweep(COMMAND, "--kinds", "depthwise_3x3@14", "--counts", "3", "16", "--rounds", "1")
        self.assertEqual(
            [(each["layout"], each["channels"]) for each in run["results"]],
            [("nchw", 3), ("nchw", 16), ("nhwc", 3), ("nhwc", 16)],
        )

    def test_a_command_that_fails_ends_it(self):
        with self.assertRaisesRegex(RuntimeError, "false .*: exit status 1$"):
            self.sweep("/bin/false")


if __name__ == "__main__":
    unittest.main()

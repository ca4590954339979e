"""docs/plan.md is true: its commands are run from top to bottom in one folder, and print what stands
below them; a line "..." stands for any lines.

The page names the machine whose plans it shows. On another one caches, vectors and rates differ, and
of the lines that tell what comes of them only the first words are compared. Which algorithm a tuning
finds the faster, and in what time, is compared nowhere."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from pages import FENCE, ROOT, prints, transcript

COMMAND = os.environ["CONV2D_COMMAND"]
PAGE = ROOT / "docs" / "plan.md"
LAYER = ("Conv2d(1, 1, 1)", "--input", "1x1x1", "--threads", "1")

OF_THE_MACHINE = re.compile(
    r"^(tile|blocking|memory|expected time|  arithmetic|  memory|# conv2d tune on)[: ].*$", re.M
)
OF_THE_MOMENT = re.compile(r"^\w+( +(?:exact|default) .*)  # [\d.]+ [mun]?s, \w+ [\d.]+ [mun]?s$", re.M)


def lasting(text):
    """What every run prints."""
    return OF_THE_MOMENT.sub(r"\1", text)


def of_all_machines(text):
    """What they print anywhere."""
    return OF_THE_MACHINE.sub(r"\1", text)


def size(count):
    """Of a cache."""
    return f"{count >> 20} MiB" if count % (1 << 20) == 0 else f"{count >> 10} KiB"


def sentence(plan):
    """How the page names a machine, from what a plan says of it."""
    caches = [size(plan["machine"][f"{level}_bytes"]) for level in ("l1", "l2", "l3")]
    rate = f"{plan['rates']['flops'] / 1e9:g} GFLOP/s"
    return f"{plan['machine']['instructions']}, caches of {caches[0]}, {caches[1]} and {caches[2]}, {rate} estimated"


class PlanPage(unittest.TestCase):
    def setUp(self):
        self.text = PAGE.read_text(encoding="utf-8")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="plan_page_test."))
        self.addCleanup(shutil.rmtree, self.folder)

    def output(self, words):
        path = os.pathsep.join([str(pathlib.Path(COMMAND).parent), os.environ["PATH"]])
        done = subprocess.run(
            words, cwd=self.folder, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}")
        return done.stdout

    def is_the_pages_machine(self):
        plan = json.loads(self.output(["conv2d", "plan", *LAYER, "--json"]))
        return sentence(plan) in " ".join(self.text.split())

    def test_its_commands_print_what_stands_there(self):
        compared = lasting if self.is_the_pages_machine() else lambda text: of_all_machines(lasting(text))
        blocks = FENCE.findall(self.text)
        self.assertEqual({language for language, _ in blocks}, {"console", "cpp"})
        consoles = [block for language, block in blocks if language == "console"]
        for command, told in (pair for block in consoles for pair in transcript(block)):
            with self.subTest(command=command):
                printed = self.output(shlex.split(command))
                self.assertTrue(prints(compared(printed), compared(told)), printed)


class TheTestItself(unittest.TestCase):
    """What it compares."""

    def test_a_line_of_the_machine_counts_there_alone(self):
        text = "algorithm: direct\nmemory: workspace 743 KiB\n  memory: 3 us\nmemory-bound: no\n"
        self.assertEqual(lasting(text), text)
        self.assertEqual(of_all_machines(text), "algorithm: direct\nmemory\n  memory\nmemory-bound: no\n")

    def test_a_tunings_layers_count_and_its_times_do_not(self):
        line = "{}exact   nchw 8x9x9   Conv2d(8, 8, 1)  # {} ms, {} ms\n"
        first, second = line.format("planar   ", "0.2", "direct 0.3"), line.format("direct   ", "1", "planar 1.5")
        self.assertEqual(lasting(first), lasting(second))
        self.assertNotEqual(lasting(first), lasting(first.replace("8x9x9", "9x9x9")))

    def test_a_machine_is_named_by_what_differs(self):
        machine = {"instructions": "AVX2", "l1_bytes": 1 << 15, "l2_bytes": 3 << 19, "l3_bytes": 1 << 25}
        self.assertEqual(
            sentence({"machine": machine, "rates": {"flops": 96e9}}),
            "AVX2, caches of 32 KiB, 1536 KiB and 32 MiB, 96 GFLOP/s estimated",
        )


if __name__ == "__main__":
    unittest.main()

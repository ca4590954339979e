"""The progress bar: seen on a terminal only, and without influence on a single bit."""

import os
import pty
import re
import subprocess
import time
import unittest

import numpy as np
from command import COMMAND, CommandTest

LAYERS = (
    "Conv2d(2, 3, 3)",
    "Conv2d(2, 3, (5, 3), stride=(2, 1), padding=2)",
    "Conv2d(2, 3, 5, padding=(4, 1, 0, 2), padding_mode=reflect)",
    "Conv2d(2, 3, 4, padding='same', padding_mode=replicate, dilation=2)",
    "Conv2d(2, 3, 3, padding=5, padding_mode=circular)",
    "Conv2d(2, 3, 9, padding=30, padding_mode=replicate)",
    "Conv2d(2, 4, 3, groups=2, dtype=torch.float16)",
    "ConvTranspose2d(2, 3, 3, stride=2)",
    "Unfold(3)",
)


WIPED = "\r\x1b[K"
BENCHED = "".join(f"ic{4 + i}ih12oc8kh3\n" for i in range(6))  # each is timed for a tenth of a second
VERBS = {
    "computing": ("apply", "Conv2d(3, 8, 9)", "photo.png", "-o", "y.npy"),
    "timing": ("bench", "--layers", "layers.txt", "--samples", "1"),
    "drawing": ("figure", "Conv2d(1, 1, 2)", "--input", "1x4x4", "-o", "steps.gif"),
}


class ProgressBar(CommandTest):
    def setUp(self):
        super().setUp()
        (self.folder / "layers.txt").write_text(BENCHED, encoding="utf-8")

    def run_on_a_terminal(self, *arguments, **variables):
        """stdout, and what was drawn on the terminal that stderr is."""
        terminal, end = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", **variables}
        start = time.monotonic()
        with subprocess.Popen(
            [COMMAND, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=end, env=environment, text=True
        ) as process:
            os.close(end)
            drawn = b""
            try:
                while chunk := os.read(terminal, 4096):
                    self.first_after = self.first_after if drawn else time.monotonic() - start
                    drawn += chunk
            except OSError:  # how Linux says that the other end is closed
                pass
            report = process.stdout.read()
        os.close(terminal)
        self.assertEqual(process.returncode, 0, drawn)
        return report, drawn.decode()

    def parts_of(self, drawn, verb):
        """What each line says is done, as a number from 0 to 1; the bar is as long as that."""
        self.assertTrue(drawn.startswith("\r") and drawn.endswith(WIPED), repr(drawn))
        parts = []
        for line in drawn.removesuffix(WIPED).split("\r")[1:]:
            if re.fullmatch(rf"{verb} \d+\.\d s\x1b\[K", line):
                self.assertEqual(parts, [], "once there is a bar it stays")
                continue
            match = re.fullmatch(rf"{verb} \[(=*)( *)\] +(\d+)% \d+\.\d s\x1b\[K", line)
            self.assertTrue(match, repr(line))
            self.assertEqual(len(match[1] + match[2]), 30)
            parts.append(int(match[3]) / 100)
            self.assertAlmostEqual(len(match[1]) / 30, parts[-1], delta=1 / 30 + 0.005)
        return parts

    def test_work_in_parts_gives_the_same_bits(self):
        generator = np.random.default_rng(self.random.randrange(2**32))
        for sizes in ((2, 250, 40), (1, 2, 247, 21), (3, 2, 130, 17)):
            x = generator.standard_normal(sizes).astype(np.float32)
            for layer in LAYERS:
                self.save("x.npy", x.astype(np.float16) if "float16" in layer else x)
                self.succeed("apply", layer, "x.npy", "-o", "whole.npy")
                self.run_on_a_terminal("apply", layer, "x.npy", "-o", "parts.npy")
                self.assertEqual(self.load("parts.npy").tobytes(), self.load("whole.npy").tobytes(), (layer, sizes))

    def test_a_bar_grows_to_its_end_and_is_wiped_away(self):
        for verb, arguments in VERBS.items():
            _, drawn = self.run_on_a_terminal(*arguments, CONV2D_PROGRESS_AFTER="0")
            parts = self.parts_of(drawn, verb)
            self.assertEqual(parts, sorted(parts))
            self.assertEqual(parts[-1], 1)

    def test_a_bar_waits_for_half_a_second(self):
        _, drawn = self.run_on_a_terminal(*VERBS["timing"])
        self.assertEqual(self.parts_of(drawn, "timing")[-1], 1)
        self.assertGreater(self.first_after, 0.5)

    def test_work_that_ends_before_draws_nothing(self):
        for arguments in VERBS.values():
            self.assertEqual(self.run_on_a_terminal(*arguments, CONV2D_PROGRESS_AFTER="3600")[1], "")

    def test_nothing_is_drawn_where_nobody_looks(self):
        for arguments in VERBS.values():
            _, drawn = self.run_on_a_terminal(*arguments, CONV2D_PROGRESS_AFTER="0", TERM="dumb")
            self.assertEqual(drawn, "")
            done = self.run_command(*arguments, env={**os.environ, "TERM": "xterm", "CONV2D_PROGRESS_AFTER": "0"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_time_that_is_none_is_refused(self):
        for wrong in ("", "soon", "-1", "nan", "3601", "0.5 "):
            done = self.run_command(*VERBS["computing"], env={**os.environ, "CONV2D_PROGRESS_AFTER": wrong})
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(
                done.stderr, f"conv2d: CONV2D_PROGRESS_AFTER takes seconds from 0 to 3600, but got '{wrong}'\n"
            )
            self.assertFalse((self.folder / "y.npy").exists())


if __name__ == "__main__":
    unittest.main()

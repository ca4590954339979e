"""The progress bar: seen on a terminal only, and without influence on a single bit."""

import os
import pty
import re
import subprocess
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


class ProgressBar(CommandTest):
    def run_on_a_terminal(self, *arguments):
        """stdout, and what was drawn on the terminal that stderr is."""
        terminal, end = pty.openpty()
        environment = {**os.environ, "TERM": "xterm"}
        with subprocess.Popen(
            [COMMAND, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=end, env=environment, text=True
        ) as process:
            os.close(end)
            drawn = b""
            try:
                while chunk := os.read(terminal, 4096):
                    drawn += chunk
            except OSError:  # how Linux says that the other end is closed
                pass
            report = process.stdout.read()
        os.close(terminal)
        self.assertEqual(process.returncode, 0, drawn)
        return report, drawn.decode()

    def test_work_in_parts_gives_the_same_bits(self):
        generator = np.random.default_rng(self.random.randrange(2**32))
        for sizes in ((2, 250, 40), (1, 2, 247, 21), (3, 2, 130, 17)):
            x = generator.standard_normal(sizes).astype(np.float32)
            for layer in LAYERS:
                self.save("x.npy", x.astype(np.float16) if "float16" in layer else x)
                self.succeed("apply", layer, "x.npy", "-o", "whole.npy")
                self.run_on_a_terminal("apply", layer, "x.npy", "-o", "parts.npy")
                self.assertEqual(self.load("parts.npy").tobytes(), self.load("whole.npy").tobytes(), (layer, sizes))

    def test_a_bar_is_drawn_when_work_is_long_and_wiped_away(self):
        report, drawn = self.run_on_a_terminal("apply", "Conv2d(3, 8, 9)", "photo.png", "-o", "y.npy")
        took = re.search(r"multiply-adds in ([\d.e+]+) (ms|s) ", report)
        seconds = float(took[1]) / (1000 if took[2] == "ms" else 1)
        if seconds > 0.7:
            self.assertRegex(drawn, r"computing \[=* *\] +\d+% ")
            self.assertTrue(drawn.endswith("\r\x1b[K"))
        elif seconds < 0.4:
            self.assertEqual(drawn, "")

    def test_nothing_is_drawn_where_nobody_looks(self):
        self.succeed("apply", "Conv2d(3, 8, 9)", "photo.png", "-o", "y.npy")  # its stderr is empty


if __name__ == "__main__":
    unittest.main()

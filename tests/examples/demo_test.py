"""What the demo says and writes, for pictures of every kind, and what it says to bad ones."""

import re
import unittest

from demo import DemoTest
from pictures import CHANNELS, png_size

FILES = ["conv2d_3_6_5.safetensors", "conv2d_3_6_5_input.npy", "conv2d_3_6_5_output.npy", "demo.png"]


class Demo(DemoTest):
    def test_writes_its_files_and_says_where(self):
        printed = self.succeed(self.picture("photo.png", 40, 30, 3))
        written = sorted(path.name for path in (self.folder / "out").iterdir())
        self.assertEqual(written, FILES)
        for name in FILES:
            self.assertIn(f"out/{name}", printed)

    def test_tells_sizes_parameters_and_cost(self):
        printed = self.succeed(self.picture("photo.png", 40, 30, 3))
        self.assertIn("Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))", printed)
        self.assertRegex(printed, r"rows .*30.* = 26\n")
        self.assertRegex(printed, r"columns .*40.* = 36\n")
        self.assertIn("456 = 450 weights + 6 biases", printed)
        self.assertRegex(printed, rf"multiply-adds +{26 * 36 * 450:,}\n")

    def test_writes_out_every_term_of_an_output_of_each_layer(self):
        printed = self.succeed(self.picture("photo.png", 40, 30, 3))
        terms = re.findall(r"^ +\d+ +\d+ +\d+ +\(\d+, \d+, \d+\) .* = ", printed, re.MULTILINE)
        self.assertEqual(len(terms), 3 * 3 + 3 * 5 * 5)

    def test_takes_grey_and_transparent_pictures_and_says_what_it_did(self):
        for kind, channels in CHANNELS.items():
            printed = self.succeed(self.picture("photo.png", 20, 20, channels))
            self.assertIn(f"20 x 20 pixels, {kind}", printed)
            self.assertEqual("lies on white" in printed, channels in (2, 4))
            self.assertEqual("stands for red, green and blue" in printed, channels in (1, 2))

    def test_averages_a_huge_picture_and_says_so(self):
        printed = self.succeed(self.picture("photo.png", 2400, 1000, 1))
        self.assertIn("averaged over 2 x 2 of them to 1200 x 500 pixels", printed)

    def test_keeps_enough_of_a_narrow_picture(self):
        printed = self.succeed(self.picture("photo.png", 430000, 5, 1))
        self.assertNotIn("averaged", printed)
        self.assertRegex(printed, r"rows .* = 1\n")

    def test_takes_a_picture_of_the_size_of_its_kernel(self):
        printed = self.succeed(self.picture("photo.png", 5, 5, 3))
        self.assertRegex(printed, rf"multiply-adds +{450}\n")

    def test_lays_the_sheet_out_as_told(self):
        photo = self.picture("photo.png", 300, 300, 3)
        sheet = self.folder / "sheet" / "demo.png"
        self.succeed(photo, "--output-dir", "sheet", "--columns", "6", "--panel-edge", "200")
        wide = png_size(sheet)
        self.succeed(photo, "--output-dir", "sheet", "--columns", "3", "--panel-edge", "200")
        narrow = png_size(sheet)
        self.assertEqual(wide[0] - narrow[0], 3 * (200 + 24))  # three panels and their gutters
        self.assertGreater(narrow[1], wide[1])

    def test_answers_bad_input_with_one_sentence_and_exit_code_2(self):
        (self.folder / "notes.txt").write_text("no picture")
        (self.folder / "cut.png").write_bytes((self.folder / self.picture("p.png", 9, 9, 3)).read_bytes()[:60])
        (self.folder / "file").write_text("in the way")
        good = self.picture("good.png", 9, 9, 3)
        for arguments in (
            ["missing.png"],
            ["notes.txt"],
            ["cut.png"],
            [str(self.folder)],
            [self.picture("small.png", 40, 4, 3)],
            [good, "--columns", "-1"],
            [good, "--ratio", "9"],
            [good, "--output-dir", "file"],
        ):
            done = self.run_demo(*arguments)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), (arguments, done.stderr))
            self.assertTrue(done.stderr.startswith("demo: "), done.stderr)
            self.assertFalse((self.folder / "out" / "demo.png").exists(), arguments)

    def test_wrong_usage_has_exit_code_2(self):
        self.assertEqual(self.run_demo("--no-such-option").returncode, 2)
        self.assertEqual(self.run_demo("--columns", "many").returncode, 2)
        self.assertEqual(self.run_demo("--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()

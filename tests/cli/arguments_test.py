"""Help, and what becomes of wrong arguments, unwritable outputs and closed pipes."""

import os
import re
import subprocess
import unittest

import numpy as np
from command import COMMAND, CommandTest

COMMANDS = ("apply", "explain", "shape", "plan", "grad", "onnx", "filters", "figure", "bench", "tune", "completion")


class Help(CommandTest):
    def test_every_command_has_help_with_an_example_that_names_it(self):
        listed = self.succeed("--help")
        for command in COMMANDS:
            self.assertRegex(listed, rf"\n  {command} +\w")
            text = self.succeed(command, "--help")
            self.assertRegex(text, r"\nExamples?:\n  conv2d ")
        self.assertIn("Exit codes: 0 done; 1 a comparison failed (conv2d onnx); 2 wrong usage or input.", listed)

    def test_the_version_is_printed(self):
        self.assertRegex(self.succeed("--version"), r"^conv2d \d+\.\d+\.\d+\n$")

    def test_the_default_seed_is_in_the_help(self):
        self.assertIn("N = 0", self.succeed("apply", "--help"))


class WrongArguments(CommandTest):
    def test_usage_errors_are_one_line_that_points_to_the_help(self):
        for arguments in ([], ["apply"], ["apply", "sobel_x"], ["shape", "Conv2d(1,1,1)"], ["filters", "--frob"],
                          ["completion", "tcsh"], ["apply", "sobel_x", "photo.png", "-o", "x.npy", "--seed", "x"]):  # fmt: skip
            lines = self.refuse(*arguments)
            self.assertEqual(len(lines), 1, lines)
            self.assertRegex(lines[0], r" \(see conv2d.* --help\)$")

    def test_an_unknown_command_is_named(self):
        self.assertEqual(
            self.refuse("aply", "x"), [f"there is no command 'aply'; the commands are {', '.join(COMMANDS)}"]
        )

    def test_a_wrong_word_of_the_layer_has_carets_under_it(self):
        self.assertEqual(
            self.refuse("shape", "Conv2d(3, 6, 5, strid=2)", "--input", "3x9x9")[1:],
            ["  Conv2d(3, 6, 5, strid=2)", "                  ^^^^^"],
        )
        self.assertEqual(
            self.refuse("apply", "sobel_x, sobel_z", "photo.png", "-o", "x.npy")[1:],
            ["  sobel_x, sobel_z", "           ^^^^^^^"],
        )

    def test_carets_stand_right_after_wide_and_control_characters_and_in_long_texts(self):
        self.assertEqual(
            self.refuse("shape", "Conv2d(3,\n\t'äöü', 5)", "--input", "3x9x9")[1:],
            ["  Conv2d(3,  'äöü', 5)", "             ^^^^^"],
        )
        self.assertEqual(
            self.refuse("shape", "", "--input", "3x9x9")[1:],
            ["  ", "  ^"],
        )
        text = "Conv2d(" + " " * 200 + "3, 6, 5, strid=2" + " " * 200 + ")"
        _, shown, carets = self.refuse("shape", text, "--input", "3x9x9")
        self.assertLessEqual(len(shown), 80)
        self.assertEqual(shown[carets.index("^") : carets.rindex("^") + 1], "strid")

    def test_impossible_layers_and_weights_are_refused_before_any_memory_is_taken(self):
        huge = "Conv2d(1000000, 1000000, 1000)"
        self.save("x.npy", np.zeros((1000000, 1, 1), np.float32))
        self.assertRegex(self.refuse("apply", huge, "x.npy", "-o", "y.npy")[0], "would take .* this machine has")
        self.assertRegex(
            self.refuse("apply", "Conv2d(1, 1, 1, padding=10000000)", "photo.png", "--gray", "-o", "y.npy")[0],
            "would take .* this machine has",
        )


class Outputs(CommandTest):
    def apply_to(self, output):
        return self.refuse("apply", "identity", "photo.png", "-o", output)

    def test_outputs_that_cannot_be_written_are_refused_and_nothing_is_lost(self):
        (self.folder / "folder.png").mkdir()
        self.assertIn("No such file or directory", self.apply_to("missing/x.png")[0])
        self.assertIn("is a folder", self.apply_to("folder.png")[0])
        self.assertIn("takes a file ending in .png, .npy, .npz", self.apply_to("x.bmp")[0])
        self.assertEqual(self.apply_to("./photo.png"), ["-o ./photo.png: this would replace photo.png"])
        os.link(self.folder / "photo.png", self.folder / "link.png")
        self.assertEqual(self.apply_to("link.png"), ["-o link.png: this would replace photo.png"])
        self.assertIn(
            "--save-weights x.npz: this would replace x.npz",
            self.refuse("apply", "identity", "photo.png", "-o", "x.npz", "--save-weights", "x.npz")[0],
        )

    def test_broken_inputs_are_refused(self):
        (self.folder / "empty.npy").write_bytes(b"")
        (self.folder / "cut.png").write_bytes((self.folder / "photo.png").read_bytes()[:5000])
        for name in ("empty.npy", "cut.png", "missing.jpg", "notes.txt"):
            self.assertIn(name, self.refuse("apply", "identity", name, "-o", "x.png")[0])

    def test_full_disks_and_closed_descriptors_are_reported(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([COMMAND, "filters"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, "conv2d: standard output: No space left on device\n")
        for redirection in (">&-", ">&- 2>&-", "<&- >&- 2>&-"):
            script = f'"$0" apply identity photo.png -o same.npy {redirection}'
            done = subprocess.run(["sh", "-c", script, COMMAND], cwd=self.folder, check=False)
            self.assertEqual(done.returncode, 2, redirection)
            self.assertEqual(self.load("same.npy").shape, (3, 512, 512))  # and not the report

    def test_a_reader_that_has_seen_enough_is_no_error(self):
        script = f'{{ "$0" filters --json; echo "exit $?" >&2; }} | head -c 1; "$0" filters | true'
        done = subprocess.run(["sh", "-c", script, COMMAND], capture_output=True, text=True, check=False)
        self.assertEqual(re.findall(r"exit \d+", done.stderr), ["exit 0"])
        self.assertNotIn("conv2d:", done.stderr)


if __name__ == "__main__":
    unittest.main()

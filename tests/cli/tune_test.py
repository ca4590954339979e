"""conv2d tune: what it measures, what it writes, and that other commands and programs go by it."""

import json
import os
import re
import subprocess
import unittest

from command import CommandTest

LAYER = "Conv2d(16, 24, 3)"
LINE = re.compile(r"^(\w+) +(default|exact) +(nchw|nhwc) (\d+x\d+x\d+) +(\w+\(.*\))  # .* [mun]?s$")


class Tune(CommandTest):
    def lines(self, name="x.tuning"):
        """The layers of a tuning: (algorithm, precision, layout, input, layer)."""
        first, origin, *rest = (self.folder / name).read_text(encoding="utf-8").splitlines()
        self.assertEqual(first, "conv2d tuning 1")
        self.assertRegex(origin, r"^# conv2d tune on \w+, \d+ threads?, (nchw|nhwc)$")
        return [LINE.match(line).groups() for line in rest]

    def test_a_chain_is_tuned_layer_by_layer(self):
        shown = self.succeed(
            "tune", LAYER, "Unfold(1)", "--input", "2x16x9x10", "--precision", "exact", "--threads", "1",
            "-o", "x.tuning",
        )  # fmt: skip
        self.assertRegex(shown, r"^layer +input +fastest +time +plan's own +time +gain\n")
        self.assertRegex(shown, r"\ntogether \S+ ms instead of \S+ ms\n$")
        ((algorithm, *rest),) = self.lines()
        self.assertIn(algorithm, ("planar", "direct"))
        self.assertEqual(
            rest, ["exact", "nchw", "16x9x10", "Conv2d(16, 24, kernel_size=(3, 3), stride=(1, 1))"]
        )

    def test_a_list_is_tuned_and_a_layer_that_stands_there_twice_once(self):
        (self.folder / "list.txt").write_text(
            "ic16ih9oc24oh7kh3ph0\n"
            "mb2ic16ih9oc24oh7kh3ph0  # the same layer\n"
            "g2ic8ih9oc16oh7kh3ph0\n"
            'ic16ih9oc24oh7kh3ph0n"again"\n'
            "--deconv ic16ih9oc24oh10kh3ph1n\"up\"\n",
            encoding="utf-8",
        )
        self.succeed("tune", "--layers", "list.txt", "-o", "x.txt")
        first, second, third = self.lines("x.txt")
        self.assertEqual(first[1:4], ("default", "nchw", "16x9x9"))
        self.assertEqual(second[4], "Conv2d(8, 16, kernel_size=(3, 3), stride=(1, 1), groups=2)")
        self.assertTrue(third[4].startswith("ConvTranspose2d(16, 24, kernel_size=(3, 3), stride=(1, 1), "), third)

    def test_a_layer_with_one_algorithm_has_no_line(self):
        shown = self.succeed("tune", "Conv2d(2, 3, 2, dtype=complex64)", "--input", "2x5x5", "-o", "x.tuning")
        self.assertIn("  nothing to choose\n", shown)
        self.assertEqual(self.lines(), [])

    def test_plan_and_bench_go_by_the_file(self):
        for algorithm in ("direct", "planar"):
            (self.folder / "x.tuning").write_text(
                f"conv2d tuning 1\n{algorithm} exact nchw 16x9x9 {LAYER}\n", encoding="utf-8"
            )
            shown = self.succeed_json(
                "plan", LAYER, "--input", "5x16x9x9", "--precision", "exact", "--tuning", "x.tuning"
            )
            self.assertEqual(shown["algorithm"], algorithm)
            other = "planar" if algorithm == "direct" else "direct"
            reasons = {candidate["name"]: candidate["reason"] for candidate in shown["candidates"]}
            said = {"planar": "vectors of output channels should take less time than vectors of pixels"}
            self.assertEqual(reasons[other], said.get(other, f"the tuning says {algorithm}"))
            (self.folder / "list.txt").write_text("ic16ih9oc24oh7kh3ph0", encoding="utf-8")
            shown = self.succeed_json(
                "bench", "--layers", "list.txt", "--precision", "exact", "--samples", "1", "--tuning", "x.tuning"
            )
            self.assertEqual(shown["algorithm"], algorithm)

    def programs_layers(self, name="x.tuning"):
        """What a program makes of a tuning (tuned_layers.cc)."""
        done = subprocess.run(
            [os.environ["CONV2D_TUNED_LAYERS"], name], cwd=self.folder, capture_output=True, text=True, check=False
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def expect_the_program_to_follow(self):
        lines = self.lines()
        layers = self.programs_layers()
        self.assertEqual([layer["planned"] for layer in layers], [line[0] for line in lines])
        for line, layer in zip(lines, layers):
            self.assertTrue(layer["as_in_the_other_layout"], line)
            if line[1] == "exact":
                self.assertTrue(layer["as_untuned"], line)
            if line[4].startswith("Conv2d"):  # of transposed layers no bound is known
                self.assertLessEqual(layer["error"], layer["bound"], line)

    def test_a_program_runs_what_was_tuned(self):
        first = ("16x11x12", "Conv2d(16, 24, kernel_size=(3, 3), stride=(1, 1))")
        for precision, layout, second in (
            ("exact", "nchw", ("24x9x10", "Conv2d(24, 24, kernel_size=(3, 3), stride=(1, 1), groups=24)")),
            ("default", "nhwc", ("24x9x10", "ConvTranspose2d(24, 20, kernel_size=(3, 3), stride=(1, 1))")),
        ):
            arguments = ("--input", "16x11x12", "--precision", precision, "--layout", layout)
            self.succeed("tune", LAYER, second[1], *arguments, "--threads", "1", "-o", "x.tuning")
            wanted = [(precision, layout, *each) for each in (first, second)]
            self.assertEqual([line[1:] for line in self.lines()], wanted)
            self.expect_the_program_to_follow()

    def test_a_program_runs_what_a_person_made_of_it(self):
        """Then all plans but one are others than the program's own."""
        for precision, names in (("exact", ("planar", "direct")), ("default", ("winograd", "winograd_2x2", "planar", "direct"))):
            self.succeed("tune", LAYER, "--input", "16x11x12", "--precision", precision, "-o", "x.tuning")
            written = (self.folder / "x.tuning").read_text(encoding="utf-8")
            for name in names:
                changed = re.sub(rf"^\w+(?= +{precision} )", name, written, flags=re.MULTILINE)
                (self.folder / "x.tuning").write_text(changed, encoding="utf-8")
                self.assertEqual([line[0] for line in self.lines()], [name])
                self.expect_the_program_to_follow()

    def test_what_is_missing_or_wrong_is_named_before_any_work(self):
        either = ["give either LAYER ... with --input, or --layers"]
        self.assertEqual(self.refuse("tune", "-o", "x.tuning"), either)
        self.assertEqual(
            self.refuse("tune", LAYER, "--input", "16x9x9", "--layers", "list.txt", "-o", "x.tuning"), either
        )
        self.assertEqual(
            self.refuse("tune", LAYER, "-o", "x.tuning"), ["a LAYER needs the sizes of its input: give --input"]
        )
        self.assertEqual(
            self.refuse("tune", "--layers", "list.txt", "--input", "1x1x1", "-o", "x.tuning"),
            ["--input goes with LAYER: a list says its inputs itself"],
        )
        self.assertEqual(
            self.refuse("tune", "Unfold(3)", "--input", "1x9x9", "-o", "x.tuning"),
            ["none of these layers multiplies, so there is nothing to choose"],
        )
        (refusal,) = self.refuse("tune", LAYER, LAYER, "--input", "16x9x9", "-o", "x.tuning")
        self.assertTrue(refusal.startswith(f"layer 2, {LAYER}: "), refusal)
        (refusal,) = self.refuse("tune", LAYER, "--input", "16x9x9", "-o", "x.json")
        self.assertIn(".tuning", refusal)
        (refusal,) = self.refuse("tune", LAYER, "--input", "16x9999999x9999999", "-o", "x.tuning")
        self.assertIn("this machine has", refusal)

    def test_a_file_that_is_no_tuning_is_refused_with_its_line(self):
        (self.folder / "x.tuning").write_text("conv2d tuning 1\nfast", encoding="utf-8")
        plan = ("plan", LAYER, "--input", "16x9x9", "--tuning")
        self.assertEqual(
            self.refuse(*plan, "x.tuning"),
            ["x.tuning, line 2: a line is ALGORITHM PRECISION LAYOUT CxHxW LAYER, but got 'fast'"],
        )
        (refusal,) = self.refuse(*plan, "photo.png")
        self.assertTrue(refusal.startswith("photo.png, line 1: a tuning begins with the line 'conv2d tuning 1'"))
        (refusal,) = self.refuse(*plan, "none.tuning")
        self.assertTrue(refusal.startswith("none.tuning: is no tuning that can be read"), refusal)


if __name__ == "__main__":
    unittest.main()

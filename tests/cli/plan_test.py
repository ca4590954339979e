"""conv2d plan: its words and its JSON say the same, and both say what was asked."""

import re
import unittest

from command import CommandTest

LAYER = "Conv2d(64, 64, 3, padding=1)"


class Plan(CommandTest):
    def test_the_words_and_the_json_agree(self):
        layers = (
            (LAYER, "1x64x56x56"),
            ("ConvTranspose2d(8, 6, 4, stride=2, padding=1)", "8x14x14"),
            ("Conv2d(3, 6, 5, dtype=complex64)", "3x32x32"),
            ("sobel_x", "3x108x192"),
        )
        for layer, sizes in layers:
            words = self.succeed("plan", layer, "--input", sizes)
            shown = self.succeed_json("plan", layer, "--input", sizes)
            self.assertEqual(words.splitlines()[0], shown["layer"])
            self.assertIn(f"\nalgorithm: {shown['algorithm']}\n", words)
            if shown["tile"]:
                self.assertIn(f"\ntile: {shown['tile']}\nblocking: {shown['blocking']}\n", words)
            self.assertEqual("\nexpected time: at least " in words, shown["expected"]["efficiency"] == 0)
            self.assertIn(f"\nmultiply-adds: {shown['multiply_adds']:,}\n", words)
            self.assertIn(f", bound by {shown['expected']['bound']} (estimated rates)\n", words)
            for candidate in shown["candidates"]:
                taken = "taken" if candidate["taken"] else "not taken"
                self.assertIn(f"\n{taken}: {candidate['name']} ({candidate['reason']})\n", words)
            self.assertEqual([c["name"] for c in shown["candidates"] if c["taken"]], [shown["algorithm"]])
            levels = [shown["machine"][f"{level}_bytes"] for level in ("l1", "l2", "l3")]
            self.assertEqual(levels, sorted(levels))
            self.assertEqual(shown["expected"]["in_cache"], "from the last cache" in words)

    def test_the_expected_time_is_the_slower_of_the_two(self):
        for sizes, bound in (("1x64x56x56", "arithmetic"), ("1x64x1x1", "memory")):
            layer = LAYER if bound == "arithmetic" else "Conv2d(64, 64, 1, groups=64)"
            shown = self.succeed_json("plan", layer, "--input", sizes, "--threads", "1")
            expected, rates, moved = shown["expected"], shown["rates"], shown["bytes"]
            operations = 2 * shown["multiply_adds"]
            both = {
                "arithmetic": operations / rates["flops"] / (expected["efficiency"] or 1),
                "memory": (moved["input"] + moved["weight"] + moved["output"]) / rates["cache_bytes"],
            }
            self.assertAlmostEqual(expected["arithmetic_seconds"], both["arithmetic"], places=12)
            self.assertAlmostEqual(expected["memory_seconds"], both["memory"], places=12)
            self.assertAlmostEqual(expected["seconds"], max(both.values()), places=12)
            self.assertEqual(expected["bound"], max(both, key=both.get))

    def test_threads_layout_and_precision_are_those_asked_for(self):
        for threads in (1, 3):
            shown = self.succeed_json("plan", LAYER, "--input", "1x64x56x56", "--threads", str(threads))
            self.assertEqual(shown["threads"], threads)
        rates = [
            self.succeed_json("plan", LAYER, "--input", "1x64x56x56", "--threads", n)["rates"]["flops"] for n in "12"
        ]
        self.assertEqual(rates[1], 2 * rates[0])
        shown = self.succeed_json("plan", LAYER, "--input", "1x64x56x56", "--layout", "nhwc", "--precision", "exact")
        self.assertEqual((shown["layout"], shown["algorithm"]), ("nhwc", "direct"))
        self.assertIn(
            "; float32, channels-last\n", self.succeed("plan", LAYER, "--input", "1x64x56x56", "--layout", "nhwc")
        )

    def test_measured_rates_say_so(self):
        shown = self.succeed("plan", LAYER, "--input", "1x64x56x56", "--measure")
        self.assertRegex(shown, re.compile(r"^expected time: .* \(measured rates\)$", re.MULTILINE))

    def test_what_there_is_to_choose_from_is_named(self):
        arguments = ("plan", LAYER, "--input", "1x64x56x56")
        self.assertEqual(
            self.refuse(*arguments, "--layout", "hwc"), ["--layout takes nchw or nhwc, but got 'hwc'"]
        )
        self.assertEqual(
            self.refuse(*arguments, "--precision", "double"),
            ["--precision takes exact or default, but got 'double'"],
        )
        for threads in ("0", "1025"):
            self.assertEqual(
                self.refuse(*arguments, "--threads", threads),
                [f"--threads takes a number from 1 to 1024, but got {threads}"],
            )
        self.assertEqual(
            self.refuse("plan", "Unfold(3)", "--input", "1x3x9x9"),
            [
                "Unfold(kernel_size=3, dilation=1, padding=0, stride=1) moves numbers and multiplies none, "
                "so there is nothing to choose"
            ],
        )


if __name__ == "__main__":
    unittest.main()

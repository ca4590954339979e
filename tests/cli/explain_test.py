"""conv2d explain: the terms add up to what conv2d apply computes, bit for bit."""

import unittest

import numpy as np
from command import CommandTest


def add_up(at):
    """The sum of the terms in their order, each step rounded to float32, then the bias."""
    total = np.float32(0)
    for term in at["terms"]:
        if term["kind"] in ("input", "border"):
            # One fused multiply-add: 64 bits hold the product, and the sum but for its rounding.
            factors = np.longdouble(term["input_value"]), np.longdouble(term["weight_value"])
            total = np.float32(factors[0] * factors[1] + np.longdouble(total))
    return total if at["bias"] is None else np.float32(total + np.float32(at["bias"]))


class Explain(CommandTest):
    def test_the_terms_of_an_output_add_up_to_it(self):
        layers = (
            "Conv2d(3, 4, 3, stride=2, padding=1)",
            "Conv2d(3, 6, (3, 2), padding=2, groups=3, padding_mode=reflect)",
            "Conv2d(3, 2, 3, padding=(0, 3, 1, 2), padding_mode=circular, bias=False)",
            "ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)",
        )
        x = np.random.default_rng(self.random.randrange(2**32)).standard_normal((2, 3, 7, 8))
        self.save("x.npy", x.astype(np.float32))
        for layer in layers:
            self.succeed("apply", layer, "x.npy", "--seed", "3", "-o", "y.npy")
            y = self.load("y.npy")
            for _ in range(10):
                index = [self.random.randrange(size) for size in y.shape]
                at = ",".join(map(str, index))
                told = self.succeed_json("explain", layer, "--input", "x.npy", "--seed", "3", "--at", at)["at"]
                self.assertEqual(np.float32(told["value"]), y[tuple(index)], (layer, at))
                self.assertEqual(add_up(told), y[tuple(index)], (layer, at))

    def test_sizes_alone_tell_the_arithmetic_the_unread_rows_and_the_cost(self):
        told = self.succeed_json("explain", "Conv2d(3, 6, 5, stride=3)", "--input", "3x33x32", "--at", "5,0,0")
        self.assertEqual((told["input"], told["output"]), ([3, 33, 32], [6, 10, 10]))
        self.assertEqual((told["rows"]["unread"], told["rows"]["unread_count"]), ([[32, 32]], 1))
        self.assertEqual(told["columns"]["unread"], [])
        self.assertEqual((told["cost"]["parameters"], told["cost"]["multiply_adds"]), (456, 600 * 75))
        self.assertEqual(len(told["at"]["terms"]), 75)
        self.assertNotIn("value", told["at"])

    def test_words_say_the_same(self):
        words = self.succeed("explain", "Conv2d(3, 6, 5)", "--input", "3x32x32", "--at", "0,4,7")
        self.assertIn("Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))\ninput 3x32x32, output 6x28x28\n", words)
        self.assertIn("456 = 450 weights + 6 biases", words)
        self.assertIn("352,800", words)

    def test_full_shows_every_term_of_a_long_sum(self):
        arguments = ("explain", "Conv2d(3, 6, 7)", "--input", "photo.png", "--at", "0,4,7")
        last_term = "(2, 10, 13)"
        self.assertNotIn(last_term, self.succeed(*arguments))
        self.assertIn(last_term, self.succeed(*arguments, "--full"))

    def test_a_filter_on_a_photograph_has_values(self):
        words = self.succeed("explain", "sobel_x", "--input", "photo.png", "--at", "0,100,100")
        self.assertIn("photo.png (512x512 pixels, RGB) as float32 0..1: 3x512x512", words)
        self.assertIn("output  0.019607902", words)

    def test_values_that_json_has_no_number_for_are_words(self):
        self.save("x.npy", np.float32([[[np.nan, np.inf, -np.inf]]]))
        layer = "Conv2d(1, 1, 1, bias=False)"
        values = [
            self.succeed_json("explain", layer, "--input", "x.npy", "--at", f"0,0,{q}")["at"]["terms"][0]["input_value"]
            for q in range(3)
        ]
        self.assertEqual(values, ["NaN", "Infinity", "-Infinity"])

    def test_what_cannot_be_explained_is_refused(self):
        conv, sizes = "Conv2d(3, 6, 5)", "3x32x32"
        self.assertIn("only convolutions can be explained", self.refuse("explain", "Unfold(3)", "--input", sizes)[0])
        self.assertIn("there is no output (9, 9, 9)", self.refuse("explain", conv, "--input", sizes, "--at", "9,9,9")[0])
        self.assertIn("needs an --input with values", self.refuse("explain", conv, "--input", sizes, "--seed", "1")[0])
        self.assertEqual(
            self.refuse("explain", conv, "--input", sizes, "--at", "0,x,0"),
            ["--at takes whole numbers with commas, such as 0,5,5", "  0,x,0", "    ^"],
        )
        self.refuse("explain", conv, "--input", "3x99999999999x99999999999")


class Plan(CommandTest):
    def test_a_plan_says_what_runs_and_why(self):
        told = self.succeed("plan", "Conv2d(64, 64, 3, padding=1)", "--input", "1x64x56x56")
        self.assertIn("algorithm: ", told)
        self.assertIn("115605504", told.replace(",", ""))
        self.assertIn("moves numbers and multiplies none", self.refuse("plan", "Unfold(3)", "--input", "3x9x9")[0])


class Filters(CommandTest):
    def test_every_listed_filter_can_be_applied(self):
        names = [entry["name"] for entry in self.succeed_json("filters")]
        self.assertIn("sobel_x", names)
        words = self.succeed("filters")
        for name in names:
            self.assertIn(f"{name}: ", words)
            self.succeed("apply", name, "photo.png", "-o", f"{name}.png")


if __name__ == "__main__":
    unittest.main()

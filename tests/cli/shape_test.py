"""conv2d shape: against torch's sizes and torch's reprs."""

import itertools
import unittest

import torch
from command import CommandTest


class Shape(CommandTest):
    def pair(self, low, high):
        both = self.random.randint(low, high)
        return self.random.choice((both, (both, self.random.randint(low, high))))

    def random_layer(self):
        """A random layer of torch for an input of (4, 30, 31)."""
        groups = self.random.choice((1, 1, 2, 4))
        convolution = {
            "kernel_size": self.pair(1, 4),
            "stride": self.pair(1, 3),
            "padding": self.pair(0, 3),
            "dilation": self.pair(1, 3),
            "groups": groups,
            "bias": self.random.random() < 0.7,
        }
        kind = self.random.choice(("conv", "conv", "transpose", "lazy", "unfold"))
        if kind == "unfold":
            del convolution["groups"], convolution["bias"]
            return torch.nn.Unfold(**convolution)
        if kind == "transpose":
            convolution["output_padding"] = self.random.choice((0, 0, self.pair(0, 3)))
            return torch.nn.ConvTranspose2d(4, 4 * groups, **convolution)
        convolution["padding_mode"] = self.random.choice(("zeros", "reflect", "replicate", "circular"))
        if self.random.random() < 0.2:
            convolution.update(stride=1, padding=self.random.choice(("same", "valid")))
        if kind == "lazy":
            return torch.nn.LazyConv2d(4 * groups, **convolution)
        return torch.nn.Conv2d(4, 4 * groups, **convolution)

    def test_random_layers_read_print_and_size_as_in_torch(self):
        compared = refused = 0
        for _ in range(300):
            layer = self.random_layer()
            text = str(layer)
            try:
                output = list(layer(torch.zeros(1, 4, 30, 31)).shape)
            except RuntimeError:  # an output_padding that is too large, say
                self.refuse("shape", text, "--input", "1x4x30x31")
                refused += 1
                continue
            shown = self.succeed_json("shape", text, "--input", "1x4x30x31")["layers"][0]
            self.assertEqual(shown["output"], output, text)
            self.assertEqual(shown["parameters"], sum(p.numel() for p in layer.parameters()), text)
            self.assertEqual(shown["layer"], self.as_we_print(str(layer)), text)
            compared += 1
        self.assertGreater(compared, 200)
        self.assertGreater(refused, 0)

    @staticmethod
    def as_we_print(text):
        """torch's Unfold repeats its arguments as they were given; we print (3, 3) as 3."""
        if text.startswith("Unfold"):
            for n in range(5):
                text = text.replace(f"({n}, {n})", str(n))
        return text

    def test_a_chain_adds_up(self):
        chain = ["Conv2d(3, 64, 11, stride=4, padding=2)", "nn.Conv2d(64, 192, 5, padding=2)"]
        shown = self.succeed_json("shape", *chain, "--input", "1x3x224x224")
        self.assertEqual([layer["output"] for layer in shown["layers"]], [[1, 64, 55, 55], [1, 192, 55, 55]])
        self.assertEqual(shown["parameters"], 23296 + 307392)
        self.assertEqual(shown["multiply_adds"], 64 * 55 * 55 * 363 + 192 * 55 * 55 * 1600)

    def test_stacked_3x3_layers_see_5_and_7(self):
        chain = ["Conv2d(1, 1, 3)"] * 3
        shown = self.succeed_json("shape", *chain, "--input", "1x20x20")["layers"]
        self.assertEqual([layer["receptive_field"] for layer in shown], [[3, 3], [5, 5], [7, 7]])

    def test_the_table_is_readable(self):
        self.assertEqual(
            self.succeed("shape", "Conv2d(3, 6, 5)", "LazyConv2d(16, 5, stride=2)", "Unfold(3)", "--input", "3x32x32"),
            "layer                                                   output    parameters  multiply-adds  sees\n"
            "input                                                    3x32x32\n"
            "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))          6x28x28         456        352,800   5x5\n"
            "Conv2d(6, 16, kernel_size=(5, 5), stride=(2, 2))        16x12x12       2,416        345,600   9x9\n"
            "Unfold(kernel_size=3, dilation=1, padding=0, stride=1)   144x100           0              0  -\n"
            "together                                                               2,872        698,400\n",
        )

    def test_sizes_may_be_written_in_several_ways(self):
        written = ("1x3x32x32", "1X3X32X32", "1,3,32,32", "[1, 3, 32, 32]", "(1, 3, 32, 32)")
        shown = [self.succeed("shape", "Conv2d(3, 6, 5)", "--input", sizes) for sizes in written]
        self.assertEqual(len(set(shown)), 1)

    def test_the_layer_that_does_not_fit_is_named(self):
        self.assertEqual(
            self.refuse("shape", "Conv2d(3, 6, 5)", "Conv2d(4, 8, 5)", "--input", "3x32x32"),
            [
                "layer 2, Conv2d(4, 8, 5): Given groups=1, weight of size [8, 4, 5, 5], expected "
                "input[6, 28, 28] to have 4 channels, but got 6 channels instead"
            ],
        )

    def test_huge_sizes_are_computed_or_refused_at_once(self):
        shown = self.succeed_json("shape", "Conv2d(3, 6, 5)", "--input", "3x99999999999x9")
        self.assertEqual(shown["layers"][0]["output"], [6, 99999999995, 5])
        for sizes in itertools.permutations(("3", "9223372036854775807", "9223372036854775807")):
            self.refuse("shape", "Conv2d(3, 6, 5)", "--input", "x".join(sizes))
        self.refuse("shape", "Conv2d(1000000, 1000000, 1000)", "--input", "1000000x2000x2000")


if __name__ == "__main__":
    unittest.main()

"""conv2d apply: against torch on a real photograph, and what it makes of pictures and weights."""

import os
import subprocess
import sys
import unittest

import numpy as np
import torch
from command import EPSILON, CommandTest, read_safetensors, write_safetensors
from skimage import io as pictures

LAYER = "Conv2d(3, 6, 5, stride=2, padding=2, padding_mode=reflect)"


def torch_layer():
    torch.manual_seed(7)
    return torch.nn.Conv2d(3, 6, 5, stride=2, padding=2, padding_mode="reflect")


def torch_processor():
    return torch.__config__.show().split("CPU capability usage: ")[1].split()[0]


class Apply(CommandTest):
    def photograph(self):
        """(3, H, W), 0..1."""
        rgb = pictures.imread(self.folder / "photo.png")
        return rgb.astype(np.float32).transpose(2, 0, 1) / np.float32(255)

    def test_a_photograph_comes_out_of_the_layer_as_it_does_in_torch(self):
        layer = torch_layer()
        photograph = torch.from_numpy(self.photograph())
        rounding = [] if torch_processor() != "DEFAULT" else ["--separate-rounding"]
        self.succeed("apply", LAYER, "photo.png", "--seed", "7", "-o", "out.npy", *rounding)
        with torch.no_grad():
            expected = layer(photograph)
            weight, bias = layer.weight.abs(), layer.bias.abs()
            padded = torch.nn.functional.pad(photograph, (2, 2, 2, 2), mode="reflect")
            size = torch.nn.functional.conv2d(padded, weight, bias, stride=2)
        # 75 products and a bias: each of the two sums is off by at most 76 roundings of the sum of
        # magnitudes (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
        bound = 2 * 76 * EPSILON * size.numpy()
        difference = np.abs(self.load("out.npy") - expected.numpy())
        self.assertTrue((difference <= bound).all(), difference.max())

    def test_the_initial_weights_are_torchs_bit_for_bit(self):
        layer = torch_layer()
        rounding = [] if torch_processor() != "DEFAULT" else ["--separate-rounding"]
        self.succeed(
            "apply", LAYER, "photo.png", "--seed", "7", "-o", "out.npy", "--save-weights", "w.safetensors", *rounding
        )
        saved = read_safetensors(self.folder / "w.safetensors")
        np.testing.assert_array_equal(saved["weight"], layer.weight.detach().numpy())
        np.testing.assert_array_equal(saved["bias"], layer.bias.detach().numpy())

    def test_separate_rounding_gives_the_weights_of_torch_without_fused_multiply_add(self):
        program = (
            "import torch, sys; torch.manual_seed(7); layer = torch.nn.Conv2d(3, 6, 5);"
            "sys.stdout.buffer.write(layer.weight.detach().numpy().tobytes())"
        )
        environment = {**os.environ, "ATEN_CPU_CAPABILITY": "default"}
        torchs = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True).stdout
        self.succeed(
            "apply", "Conv2d(3, 6, 5)", "photo.png", "--seed", "7", "--separate-rounding",
            "-o", "out.npy", "--save-weights", "w.npz",
        )  # fmt: skip
        self.assertEqual(self.load("w.npz")["weight"].tobytes(), torchs)

    def test_without_a_seed_the_seed_is_0_and_the_report_says_so(self):
        report = self.succeed("apply", "Conv2d(3, 2, 3)", "photo.png", "-o", "a.npy")
        self.succeed("apply", "Conv2d(3, 2, 3)", "photo.png", "--seed", "0", "-o", "b.npy")
        self.assertIn("torch's initial weights for manual_seed(0)", report)
        self.assertIn("54 weights + 2 for the bias = 56 parameters", report)
        np.testing.assert_array_equal(self.load("a.npy"), self.load("b.npy"))

    def test_weights_come_from_a_state_dict_with_or_without_a_prefix(self):
        weight = np.arange(18, dtype=np.float32).reshape(1, 2, 3, 3)
        bias = np.float32([0.5])
        write_safetensors(self.folder / "plain.safetensors", {"weight": weight, "bias": bias})
        model = {"model.conv1.weight": weight, "model.conv1.bias": bias, "fc.weight": np.zeros((2, 2))}
        write_safetensors(self.folder / "model.safetensors", model)
        x = self.save("x.npy", np.ones((2, 3, 3), np.float32))
        for source in ("plain.safetensors", "model.safetensors:model.conv1", "model.safetensors:model.conv1."):
            self.succeed("apply", "Conv2d(2, 1, 3)", x, "--weights", source, "-o", "y.npy")
            np.testing.assert_array_equal(self.load("y.npy"), [[[153.5]]])
        self.assertEqual(
            self.refuse("apply", "Conv2d(2, 1, 3)", x, "--weights", "model.safetensors:conv1", "-o", "z.npy"),
            ["model.safetensors: there is no 'conv1.weight'; it has model.conv1.weight (1x2x3x3)"],
        )
        self.assertEqual(
            self.refuse("apply", "Conv2d(2, 1, 3, bias=False)", x, "--weights", "plain.safetensors", "-o", "z.npy"),
            ["plain.safetensors: there is a 'bias', but the layer has bias=False"],
        )

    def test_saved_weights_give_the_same_output_again(self):
        save = ["--save-weights", "w.safetensors"]
        self.succeed("apply", LAYER, "photo.png", "--seed", "5", "-o", "a.npz", *save)
        self.succeed("apply", LAYER, "photo.png", "--weights", "w.safetensors", "-o", "b.npz")
        np.testing.assert_array_equal(self.load("a.npz")["output"], self.load("b.npz")["output"])

    def test_a_filter_works_on_each_channel_and_keeps_the_size(self):
        self.succeed("apply", "sobel_x,sobel_y", "photo.png", "-o", "edges.npy")
        edges, x = self.load("edges.npy"), self.photograph().astype(np.float64)
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
        across = padded[:, :, 2:] - padded[:, :, :-2]
        sobel_x = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
        self.assertEqual(edges.shape, (6, 512, 512))
        # 9 products of magnitudes up to 2, which add up to at most 8.
        np.testing.assert_allclose(edges[::2], sobel_x, rtol=0, atol=9 * 8 * EPSILON)

    def test_the_identity_filter_returns_the_photograph_pixel_by_pixel(self):
        report = self.succeed("apply", "identity", "photo.png", "-o", "same.png")
        self.assertIn("same.png: a picture, 512x512 pixels\n", report)
        np.testing.assert_array_equal(
            pictures.imread(self.folder / "same.png"), pictures.imread(self.folder / "photo.png")
        )

    def test_signed_values_become_a_sheet_and_a_picture_only_when_asked(self):
        report = self.succeed("apply", "sobel_x", "photo.png", "-o", "sheet.png")
        self.assertIn("a sheet of 3 channels", report)
        self.assertIn("because not all values lie in 0..1 (--picture cuts them off)", report)
        report = self.succeed("apply", "sobel_x", "photo.png", "-o", "cut.png", "--picture")
        self.assertRegex(report, r"cut.png: a picture, 512x512 pixels; [\d,]+ of 786,432 values lie outside 0..1")
        self.assertEqual(pictures.imread(self.folder / "cut.png").shape, (512, 512, 3))
        report = self.succeed("apply", "Conv2d(3, 5, 3)", "photo.png", "-o", "five.png")
        self.assertIn("a sheet of 5 channels", report)
        self.assertEqual(
            self.refuse("apply", "Conv2d(3, 5, 3)", "photo.png", "-o", "six.png", "--picture"),
            ["--picture takes 1 or 3 output channels, but there are 5; --sheet shows them all"],
        )

    def test_colours_are_never_changed_silently(self):
        self.assertEqual(
            self.refuse("apply", "Conv2d(1, 2, 3)", "photo.png", "-o", "y.npy"),
            ["photo.png (512x512 pixels, RGB) has 3 channels (RGB), but the layer takes 1; --gray gives it the brightness"],
        )
        report = self.succeed("apply", "Conv2d(1, 2, 3)", "photo.png", "--gray", "-o", "y.npy")
        self.assertIn("Its brightness was taken: 0.299 red + 0.587 green + 0.114 blue, rounded to a byte.", report)
        self.succeed("apply", "identity", "photo.png", "--gray", "-o", "gray.npy")
        r, g, b = np.moveaxis(pictures.imread(self.folder / "photo.png").astype(np.int64), 2, 0)
        brightness = (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16  # Pillow's mode L
        expected = brightness.astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(np.load(self.folder / "gray.npy")[0], expected)
        gray = np.full((4, 5), 100, np.uint8)
        pictures.imsave(self.folder / "gray.png", gray, check_contrast=False)
        self.assertIn("--rgb gives it the gray three times", self.refuse("apply", "Conv2d(3, 2, 3)", "gray.png", "-o", "y2.npy")[0])
        report = self.succeed("apply", "identity", "gray.png", "--rgb", "-o", "rgb.png")
        self.assertIn("Its gray was taken as red, green and blue.", report)
        np.testing.assert_array_equal(pictures.imread(self.folder / "rgb.png"), np.full((4, 5, 3), 100))

    def test_an_alpha_channel_is_left_out_and_that_is_said_unless_the_layer_takes_it(self):
        rgba = np.random.default_rng(1).integers(0, 256, (4, 5, 4), np.uint8)
        pictures.imsave(self.folder / "alpha.png", rgba, check_contrast=False)
        report = self.succeed("apply", "identity", "alpha.png", "-o", "out.png")
        self.assertIn("The alpha channel was left out.", report)
        np.testing.assert_array_equal(pictures.imread(self.folder / "out.png"), rgba[:, :, :3])
        report = self.succeed("apply", "Conv2d(4, 1, 1)", "alpha.png", "-o", "y.npy")
        self.assertNotIn("alpha channel was left out", report)

    def test_arrays_may_be_batches_unbatched_and_of_any_dtype(self):
        generator = np.random.default_rng(2)
        for dtype, name in ((np.float64, "float64"), (np.complex64, "complex64"), (np.float16, "float16")):
            x = self.save("x.npy", generator.standard_normal((2, 3, 6, 7)).astype(dtype))
            self.succeed("apply", f"Conv2d(3, 4, 3, dtype=torch.{name})", x, "-o", "y.npy")
            y = self.load("y.npy")
            self.assertEqual((y.shape, y.dtype), ((2, 4, 4, 5), np.dtype(dtype)))
        self.assertEqual(
            self.refuse("apply", "Conv2d(3, 4, 3)", x, "-o", "z.npy"),
            ["x.npy is of float16, but the layer of float32; dtype=torch.float16 in the layer would fit"],
        )

    def test_nan_and_infinity_pass_through_and_are_counted(self):
        x = np.ones((1, 4, 4), np.float32)
        x[0, 0, 0], x[0, 3, 3] = np.nan, np.inf
        report = self.succeed("apply", "Conv2d(1, 1, 1)", self.save("x.npy", x), "-o", "y.npy")
        self.assertIn("; 1 are NaN; 1 are infinite", report)
        self.succeed("apply", "Conv2d(1, 1, 1)", "x.npy", "-o", "y.png", "--sheet")
        report = self.succeed("apply", "Conv2d(1, 1, 1)", self.save("n.npy", x * np.nan), "-o", "y.npy")
        self.assertIn("values no finite ones; 16 are NaN", report)

    def test_layers_without_weights_and_lazy_layers_work_too(self):
        x = self.save("x.npy", np.arange(24, dtype=np.float32).reshape(2, 3, 4))
        self.succeed("apply", "Unfold(2)", x, "-o", "columns.npy")
        unfolded = torch.nn.functional.unfold(torch.arange(24.0).reshape(1, 2, 3, 4), 2)[0]
        np.testing.assert_array_equal(self.load("columns.npy"), unfolded.numpy())
        self.succeed("apply", "Fold((3, 4), 2)", "columns.npy", "-o", "folded.npy")
        self.assertEqual(self.load("folded.npy").shape, (2, 3, 4))
        self.assertIn("Conv2d(2, 5, kernel_size=(2, 2)", self.succeed("apply", "LazyConv2d(5, 2)", x, "-o", "lazy.npy"))
        self.succeed("apply", "ConvTranspose2d(2, 5, 2, stride=2)", x, "-o", "transposed.npy")
        self.assertEqual(self.load("transposed.npy").shape, (5, 6, 8))


if __name__ == "__main__":
    unittest.main()

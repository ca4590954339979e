"""The demo's numbers are PyTorch's, and the Python that it prints says so."""

import json
import subprocess
import sys
import unittest

import numpy
import torch

from demo import DemoTest

EPSILON = float(numpy.finfo(numpy.float32).eps)


class DemoAndTorch(DemoTest):
    def test_the_lines_it_prints_find_no_difference_but_rounding(self):
        printed = self.succeed(self.picture("photo.png", 64, 48, 3))
        lines = printed.splitlines()[-3:]
        self.assertTrue(lines[0].startswith("import numpy, torch"), lines)
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], cwd=self.folder, capture_output=True, text=True, check=True
        )
        # 75 products and a bias, each of at most 1/sqrt(75) in size: each of the 76 sums and the 75
        # products may be off by half an epsilon of at most the whole, in either library.
        whole = 76 / 75**0.5
        self.assertLessEqual(float(done.stdout), 2 * (76 + 75) * EPSILON / 2 * whole)

    def test_its_weights_are_those_of_manual_seed_0(self):
        self.succeed(self.picture("photo.png", 64, 48, 3))
        data = (self.folder / "out" / "conv2d_3_6_5.safetensors").read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        torch.manual_seed(0)
        layer = torch.nn.Conv2d(3, 6, 5)
        for name, expected in layer.state_dict().items():
            begin, end = header[name]["data_offsets"]
            values = numpy.frombuffer(data[8 + length :][begin:end], "<f4").reshape(header[name]["shape"])
            # Bit for bit where torch fuses the multiply-add; else one rounding of a number below
            # 1/sqrt(75) apart.
            numpy.testing.assert_allclose(values, expected.numpy(), rtol=0, atol=EPSILON / 75**0.5)

    def test_transparent_pixels_lie_on_white(self):
        self.succeed(self.picture("photo.png", 16, 16, 4))
        rgb = numpy.load(self.folder / "out" / "conv2d_3_6_5_input.npy")
        y, x = numpy.mgrid[:16, :16]
        sample = [((7 * x + 11 * y + 50 * c) % 256) / 255 for c in range(4)]
        for channel in range(3):
            expected = sample[3] * sample[channel] + 1 - sample[3]
            # Two quotients, two products, two sums, none above 1.
            numpy.testing.assert_allclose(rgb[channel], expected, rtol=0, atol=6 * EPSILON)

    def test_a_huge_picture_is_averaged_exactly(self):
        self.succeed(self.picture("photo.png", 2400, 1000, 1))
        rgb = numpy.load(self.folder / "out" / "conv2d_3_6_5_input.npy")
        y, x = numpy.mgrid[:1000, :2400]
        expected = ((7 * x + 11 * y) % 256 / 255).reshape(500, 2, 1200, 2).mean((1, 3))
        for channel in range(3):
            # Four quotients, products and sums, none above 1.
            numpy.testing.assert_allclose(rgb[channel], expected, rtol=0, atol=12 * EPSILON)


if __name__ == "__main__":
    unittest.main()

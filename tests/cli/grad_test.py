"""conv2d grad: against torch's autograd in float64."""

import unittest

import numpy as np
import torch
from command import CommandTest

LAYERS = (
    "Conv2d(4, 6, 3, stride=2, padding=1, groups=2, dtype=torch.float64)",
    "Conv2d(4, 2, (3, 2), padding=1, bias=False, padding_mode='circular', dtype=torch.float64)",
    "ConvTranspose2d(4, 6, 3, stride=2, output_padding=1, dtype=torch.float64)",
)


class Grad(CommandTest):
    def test_gradients_are_torchs(self):
        for text in LAYERS:
            torch.manual_seed(self.random.randrange(2**32))
            layer = eval(f"torch.nn.{text}")  # pylint: disable=eval-used
            x = torch.randn(2, 4, 7, 6, dtype=torch.float64, requires_grad=True)
            y = layer(x)
            dy = torch.randn_like(y)
            y.backward(dy)
            np.savez(self.folder / "w.npz", **{key: value.numpy() for key, value in layer.state_dict().items()})
            self.save("x.npy", x.detach().numpy())
            self.save("dy.npy", dy.numpy())
            self.succeed("grad", text, "x.npy", "dy.npy", "--weights", "w.npz", "-o", "grads.npz")
            grads = self.load("grads.npz")
            expected = {"input": x.grad, **{key: value.grad for key, value in layer.named_parameters()}}
            self.assertEqual(set(grads.files), set(expected), text)
            for key, gradient in expected.items():
                # Sums of at most 2*16*14 products of numbers below 6: 448 roundings of 448*36.
                bound = 448 * 448 * 36 * np.finfo(np.float64).eps
                np.testing.assert_allclose(grads[key], gradient.numpy(), rtol=0, atol=bound, err_msg=text)

    def test_unfold_goes_back_by_fold(self):
        self.save("x.npy", np.zeros((1, 1, 3, 3), np.float32))
        self.save("dy.npy", np.ones((1, 4, 4), np.float32))
        self.succeed("grad", "Unfold(2)", "x.npy", "dy.npy", "-o", "grads.npz")
        np.testing.assert_array_equal(self.load("grads.npz")["input"], [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]])

    def test_a_gradient_of_other_sizes_is_refused(self):
        self.save("x.npy", np.zeros((1, 3, 8, 8), np.float32))
        self.save("dy.npy", np.zeros((1, 6, 5, 5), np.float32))
        self.assertEqual(
            self.refuse("grad", "Conv2d(3, 6, 5)", "x.npy", "dy.npy", "-o", "grads.npz"),
            [
                "dy.npy is 1x6x5x5, but the output of Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1)) "
                "for x.npy is 1x6x4x4"
            ],
        )
        self.refuse("grad", "Conv2d(3, 6, 5)", "x.npy", "dy.npy", "-o", "x.npy")


if __name__ == "__main__":
    unittest.main()

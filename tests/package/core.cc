// A program of somebody else's: it knows only what an installed copy of the core gives it.
#include <conv2d/conv2d.h>

#include <cstdio>

int main() {
  conv2d::manual_seed(0);
  const conv2d::Conv2d layer(3, 6, 5);
  const conv2d::Tensor output = layer(conv2d::Tensor({1, 3, 32, 32}));
  const bool right = output.sizes() == conv2d::Sizes{1, 6, 28, 28} &&
                     output.at<float>({0, 5, 27, 27}) == layer.bias()->at<float>({5});
  std::puts(right ? "Conv2d(3, 6, 5) gives 6 x 28 x 28, the bias where the input is zero"
                  : "wrong sizes or values");
  return right ? 0 : 1;
}

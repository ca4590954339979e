// The numeric figures of "A guide to convolution arithmetic" and CS231n's one-dimensional example.
#include <conv2d/functional.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace conv2d::testing {
namespace {

namespace F = functional;

Tensor figure_input() {
  return Tensor::from<float>({1, 5, 5}, {3, 3, 2, 1, 0,  //
                                         0, 0, 1, 3, 1,  //
                                         3, 1, 2, 2, 3,  //
                                         2, 0, 0, 2, 2,  //
                                         2, 0, 0, 0, 1});
}

Tensor figure_kernel() {
  return Tensor::from<float>({1, 1, 3, 3}, {0, 1, 2,  //
                                            2, 2, 0,  //
                                            0, 1, 2});
}

TEST(Figure, WithoutPadding) {
  EXPECT_TRUE(
      holds(F::conv2d(figure_input(), figure_kernel()), {12, 12, 17, 10, 17, 19, 9, 6, 14}));
}

TEST(Figure, WithPaddingAndStride) {
  EXPECT_TRUE(
      holds(F::conv2d(figure_input(), figure_kernel(), {}, 2, 1), {6, 17, 3, 8, 17, 13, 6, 4, 4}));
}

TEST(Figure, TrueConvolutionTurnsTheKernelAndConv2dDoesNot) {
  Tensor turned = figure_kernel();
  std::reverse(turned.data<float>(), turned.data<float>() + turned.numel());
  EXPECT_TRUE(holds(F::conv2d(figure_input(), turned), {18, 20, 19, 10, 9, 17, 11, 8, 14}));
}

// A 1-D convolution is a 2-D one of height 1. https://cs231n.github.io/convolutional-networks/
TEST(Cs231n, OneDimension) {
  const Tensor x = Tensor::from<float>({1, 1, 5}, {1, 2, -1, 1, -3});
  const Tensor w = Tensor::from<float>({1, 1, 1, 3}, {1, 0, -1});
  const Padding sides(0, 1);
  EXPECT_TRUE(holds(F::conv2d(x, w, {}, 1, sides), {-2, 2, 1, 2, 1}));
  EXPECT_TRUE(holds(F::conv2d(x, w, {}, Pair(1, 2), sides), {-2, 1, 1}));
}

}  // namespace
}  // namespace conv2d::testing

// LazyConv2d: a Conv2d that waits for its first input.
#include <conv2d/nn.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <utility>

namespace conv2d {
namespace {

using testing::refused;
using testing::same_bits;

TEST(LazyConv2d, BecomesTheConv2dThatItsFirstInputAsksFor) {
  manual_seed(3);
  LazyConv2d lazy(6, 5, 2, 1);
  EXPECT_FALSE(lazy.initialized());
  const Tensor x = testing::counting({2, 3, 9, 9});
  const Tensor y = lazy(x);
  EXPECT_TRUE(lazy.initialized());
  manual_seed(3);
  const Conv2d conv(3, 6, 5, 2, 1);
  EXPECT_EQ(lazy.layer().options(), conv.options());
  EXPECT_TRUE(same_bits(lazy.layer().weight(), conv.weight()));
  EXPECT_TRUE(same_bits(y, conv(x)));
}

TEST(LazyConv2d, HandsOnEveryOption) {
  LazyConv2d lazy({.out_channels = 4,
                   .kernel_size = {3, 1},
                   .stride = {2, 3},
                   .padding = {1, 0},
                   .dilation = {1, 2},
                   .groups = 2,
                   .bias = false,
                   .padding_mode = PaddingMode::circular,
                   .dtype = DType::float64,
                   .precision = Precision::exact});
  lazy.initialize(6);
  EXPECT_EQ(lazy.layer().options(), (Conv2dOptions{6,
                                                   4,
                                                   {3, 1},
                                                   {2, 3},
                                                   {1, 0},
                                                   {1, 2},
                                                   2,
                                                   false,
                                                   PaddingMode::circular,
                                                   DType::float64,
                                                   Precision::exact}));
}

TEST(LazyConv2d, ASecondInputMustFitTheFirst) {
  LazyConv2d lazy(6, 3);
  lazy(Tensor({3, 8, 8}));
  EXPECT_TRUE(refused([&] { lazy(Tensor({4, 8, 8})); }, "but got 4 channels instead"));
  lazy.initialize(4);  // without effect: it is initialized
  EXPECT_EQ(lazy.layer().options().in_channels, 3);
}

TEST(LazyConv2d, HasNoLayerBeforeItsFirstInput) {
  LazyConv2d lazy({.out_channels = 6, .kernel_size = 3});
  EXPECT_TRUE(refused([&] { lazy.layer(); }, "has no weights yet"));
  EXPECT_TRUE(refused([&] { std::as_const(lazy).layer(); }, "has no weights yet"));
}

TEST(LazyConv2d, AnInputThatCannotBeLeavesItWaiting) {
  LazyConv2d lazy({.out_channels = 6, .kernel_size = 3, .groups = 2});
  EXPECT_TRUE(refused([&] { lazy(Tensor({8, 8})); }, "input to LazyConv2d"));
  EXPECT_TRUE(refused([&] { lazy(Tensor({3, 8, 8})); }, "in_channels must be divisible by groups"));
  EXPECT_FALSE(lazy.initialized());
  EXPECT_EQ(lazy(Tensor({4, 8, 8})).sizes(), Sizes({6, 6, 6}));
}

TEST(LazyConv2d, WrongArgumentsAreRefusedWhenTheLayerIsMade) {
  EXPECT_TRUE(refused([] { LazyConv2d(6, 0); }, "kernel size should be greater than zero"));
}

}  // namespace
}  // namespace conv2d

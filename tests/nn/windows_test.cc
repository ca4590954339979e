// unfold, fold and pad: a convolution's windows and borders made visible.
#include <conv2d/nn.h>

#include "support/naive.h"
#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace conv2d {
namespace {

using functional::fold;
using functional::pad;
using functional::unfold;
using testing::counting;
using testing::holds;
using testing::Random;
using testing::refused;
using testing::same_bits;
using testing::too_many_bytes;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(Unfold, WindowsBecomeColumns) {
  const Tensor columns = unfold(counting({1, 3, 3}), 2);
  EXPECT_EQ(columns.sizes(), Sizes({4, 4}));
  EXPECT_TRUE(holds(columns, {0, 1, 3, 4,  // what tap (0, 0) meets
                              1, 2, 4, 5,  // tap (0, 1)
                              3, 4, 6, 7,  // tap (1, 0)
                              4, 5, 7, 8}));
}

TEST(Unfold, PaddingIsZeroAndArgumentsAreInTorchsOrder) {
  // kernel_size, dilation, padding, stride
  const Tensor columns = unfold(counting({1, 1, 3}), {1, 2}, {1, 2}, {0, 1}, {1, 2});
  EXPECT_TRUE(holds(columns, {0, 1, 1, 0}));
  EXPECT_TRUE(same_bits(columns, Unfold({1, 2}, {1, 2}, {0, 1}, {1, 2})(counting({1, 1, 3}))));
}

TEST(Unfold, TakesBatchesStridesAndEveryDtype) {
  Random random;
  for (int i = 0; i < dtype_count; ++i) {
    const Tensor x =
        random.values({2, 3, 5, 6}, static_cast<DType>(i), MemoryFormat::channels_last);
    const Tensor columns = unfold(x, 3, 1, 1, 2);
    EXPECT_EQ(columns.sizes(), Sizes({2, 27, 9}));
    EXPECT_TRUE(same_bits(columns.view().select(0, 1), unfold(x.view().select(0, 1), 3, 1, 1, 2)));
  }
  EXPECT_EQ(unfold(Tensor({0, 3, 5, 6}), 3).sizes(), Sizes({0, 27, 12}));
}

TEST(Unfold, WhatHasNoWindowIsRefused) {
  EXPECT_EQ(testing::error_of([] {
              unfold(Tensor({1, 2, 4}), 3);
            }),
            "Given input with spatial size (2, 4), kernel_size=(3, 3), dilation=(1, 1), "
            "padding=(0, 0), stride=(1, 1), calculated shape of the array of sliding blocks as (0, "
            "2), but its components must be at least one.");
  EXPECT_TRUE(refused([] { unfold(Tensor({2, 4}), 3); }, "Expected 3D or 4D (batch mode) tensor"));
  EXPECT_TRUE(refused([] { unfold(Tensor({2, 0, 4, 4}), 3); }, "other non-zero dimensions"));
  EXPECT_TRUE(refused([] { unfold(Tensor({1, 4, 4}), 0); }, "kernel size should be greater"));
  EXPECT_TRUE(refused([] { unfold(Tensor({1, 4, 4}), 2, 0); }, "dilation should be greater"));
  EXPECT_TRUE(refused([] { unfold(Tensor({1, 4, 4}), 2, 1, -1); }, "negative padding"));
  EXPECT_TRUE(refused([] { unfold(Tensor({1, 4, 4}), 2, 1, 0, 0); }, "non-positive stride"));
  EXPECT_TRUE(refused([] { unfold(Tensor({1, 4, 4}), 2, most); }, "too large"));
  EXPECT_TRUE(refused([] { unfold(Tensor({1, 4, 4}), 2, 1, most / 8); }, "more than 2^63 - 1"));
}

TEST(Unfold, ItsGradientIsFold) {
  Random random;
  const Unfold layer(3, 1, 1, 2);
  const Tensor dy = random.integers(layer.output_sizes({2, 3, 5, 6}), DType::float32);
  EXPECT_TRUE(same_bits(layer.backward(dy, {2, 3, 5, 6}), fold(dy, {5, 6}, 3, 1, 1, 2)));
  EXPECT_TRUE(refused(
      [&] {
        layer.backward(Tensor({2, 27, 8}), {2, 3, 5, 6});
      },
      "grad_output should have size [2, 27, 9], but got [2, 27, 8]"));
}

TEST(Fold, AddsWhereWindowsOverlap) {
  // Of a 3x3 picture in 2x2 windows: corners are in one window, edges in two, the middle in four.
  EXPECT_TRUE(holds(fold(Tensor::full({4, 4}, 1), 3, 2), {1, 2, 1, 2, 4, 2, 1, 2, 1}));
}

TEST(Fold, OfAnUnfoldCountsTheWindowsOfEachElement) {
  Random random;
  const Tensor x = random.integers({2, 3, 7, 6}, DType::float32);
  const Tensor ones = Tensor::full({2, 3, 7, 6}, 1);
  const auto there_and_back = [](const Tensor& tensor) {
    return fold(unfold(tensor, {3, 2}, 2, 1, {1, 2}), {7, 6}, {3, 2}, 2, 1, {1, 2});
  };
  const Tensor result = there_and_back(x);
  const Tensor counts = there_and_back(ones);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    EXPECT_EQ(result.data<float>()[i], x.data<float>()[i] * counts.data<float>()[i]);
  }
}

TEST(Fold, WhatDoesNotMatchIsRefused) {
  EXPECT_EQ(testing::error_of([] {
              fold(Tensor({4, 5}), 3, 2);
            }),
            "Given output_size=(3, 3), kernel_size=(2, 2), dilation=(1, 1), padding=(0, 0), "
            "stride=(1, 1), expected size of input's dimension 1 to match the calculated number of "
            "sliding blocks 2 * 2, but got input.size(1)=5.");
  EXPECT_EQ(testing::error_of([] {
              fold(Tensor({2, 6, 4}), 3, 2);
            }),
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            "but got input.size(1)=6 and kernel_size=(2, 2).");
  EXPECT_TRUE(refused([] { fold(Tensor({4}), 3, 2); }, "Expected 2D or 3D (batch mode) tensor"));
  EXPECT_TRUE(refused([] { fold(Tensor({4, 4}), 0, 2); }, "output_size should be greater"));
  EXPECT_TRUE(refused([] { fold(Tensor({4, 4}), most, 2); }, "too large"));
  EXPECT_TRUE(refused([] { fold(Tensor({4, 4}), 2, {most / 8, 2}); }, "divisible by the product"));
}

TEST(Fold, AnEnormousPictureWithoutABatchTakesNoMemory) {
  constexpr std::int64_t enormous = std::int64_t{1} << 58U;
  EXPECT_EQ(fold(Tensor({0, 1, 1}), {enormous, 1}, 1, 1, 0, {enormous, 1}).sizes(),
            Sizes({0, 1, enormous, 1}));
}

TEST(Fold, ItsGradientIsUnfold) {
  Random random;
  const Fold layer({5, 6}, 3, 1, 1, 2);
  const Tensor x({2, 27, 9});
  const Tensor dy = random.integers(layer.output_sizes(x.sizes()), DType::float32);
  EXPECT_EQ(dy.sizes(), layer(x).sizes());
  EXPECT_TRUE(same_bits(layer.backward(dy), unfold(dy, 3, 1, 1, 2)));
  EXPECT_TRUE(refused(
      [&] {
        layer.backward(Tensor({2, 3, 5, 5}));
      },
      "grad_output should end in the output_size (5, 6), but got [2, 3, 5, 5]"));
}

TEST(Pad, IsThePaddedCopyInEveryMode) {
  Random random;
  const Tensor x = random.values({2, 3, 4, 5}, DType::float32);
  for (const PaddingMode mode :
       {PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate, PaddingMode::circular}) {
    const Padding padding(1, 3, 0, 2);
    const testing::Naive naive{{.padding = padding, .padding_mode = mode}};
    const auto expected = naive.padded(testing::Volume<float>(x));
    EXPECT_TRUE(same_bits(pad(x, padding, mode), tensor_of(expected, DType::float32)))
        << name(mode);
  }
}

TEST(Pad, FillsWithTheValueAndTakesAnyRankFromTwo) {
  EXPECT_TRUE(holds(pad(counting({1, 2}), {0, 0, 1, 0}, PaddingMode::zeros, 9), {9, 0, 1}));
  EXPECT_EQ(pad(counting({2, 1, 1, 2, 3}), 1).sizes(), Sizes({2, 1, 1, 4, 5}));
}

TEST(Pad, WhatCannotBePaddedIsRefused) {
  EXPECT_TRUE(refused([] { pad(Tensor({4}), 1); }, "needs an input of at least 2 dimensions"));
  EXPECT_TRUE(refused([] { pad(Tensor({4, 4}), same); }, "a padding rule"));
  EXPECT_TRUE(refused([] { pad(Tensor({4, 4}), -1); }, "use slice to crop"));
  EXPECT_TRUE(refused(
      [] {
        pad(Tensor({4, 4}), 4, PaddingMode::reflect);
      },
      "Padding size should be less than"));
  EXPECT_TRUE(refused(
      [] {
        pad(Tensor({4, 4}), 5, PaddingMode::circular);
      },
      "wrapping around more than once"));
  EXPECT_TRUE(refused(
      [] {
        pad(Tensor({4, 0}), 1, PaddingMode::replicate);
      },
      "at least one element to repeat"));
  EXPECT_TRUE(refused([] { pad(Tensor({4, 4}), most); }, "too large"));
  EXPECT_TRUE(refused([] { pad(Tensor({4, 4}), most / 8); }, too_many_bytes));
}

TEST(Pad, AnEnormousTensorWithoutElementsReturnsAtOnce) {
  const Sizes sizes{std::int64_t{1} << 40U, 0, 3};
  EXPECT_EQ(pad(Tensor(sizes), {0, 2}).sizes(), Sizes({sizes[0], 0, 7}));
}

TEST(Pad, ThenConvIsConvWithPadding) {
  Random random;
  const Tensor x = random.integers({2, 3, 5, 6}, DType::float32);
  const Tensor w = random.integers({4, 3, 3, 2}, DType::float32);
  for (const PaddingMode mode :
       {PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate, PaddingMode::circular}) {
    const Padding padding(2, 0, 1, 3);
    EXPECT_TRUE(
        same_bits(functional::conv2d(pad(x, padding, mode), w),
                  functional::conv2d(x, w, {}, {.padding = padding, .padding_mode = mode})));
  }
}

}  // namespace
}  // namespace conv2d

// ConvTranspose2d: sizes, output_padding and output_size, and what it refuses.
#include <conv2d/nn.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

using testing::holds;
using testing::Random;
using testing::refused;
using testing::same_bits;

TEST(ConvTranspose2d, DefaultsAndOrderAreTorchs) {
  const ConvTranspose2d conv(4, 6, {3, 2}, 2, 1, 1, 2, false, {1, 2});
  EXPECT_EQ(conv.options(), (ConvTranspose2dOptions{.in_channels = 4,
                                                    .out_channels = 6,
                                                    .kernel_size = Pair(3, 2),
                                                    .stride = 2,
                                                    .padding = 1,
                                                    .output_padding = 1,
                                                    .groups = 2,
                                                    .bias = false,
                                                    .dilation = Pair(1, 2)}));
  EXPECT_EQ(conv.weight().sizes(), Sizes({4, 3, 3, 2}));
  EXPECT_TRUE(ConvTranspose2d(4, 6, 3).bias().has_value());
}

TEST(ConvTranspose2d, EachInputValueAddsAWeightedCopyOfTheKernel) {
  const ConvTranspose2d conv(
      {.in_channels = 1, .out_channels = 1, .kernel_size = {1, 3}, .stride = 2},
      Tensor::from<float>({1, 1, 1, 3}, {1, 2, 3}), Tensor::from<float>({1}, {100}));
  EXPECT_TRUE(holds(conv(Tensor::from<float>({1, 1, 2}, {1, 10})), {101, 102, 103 + 10, 120, 130}));
}

TEST(ConvTranspose2d, OutputSizeChoosesTheOutputPadding) {
  Random random;
  const ConvTranspose2d plain(2, 3, 3, {2, 3}, 1);
  const Tensor x = random.values({2, 4, 5}, DType::float32);
  for (std::int64_t extra_rows = 0; extra_rows < 2; ++extra_rows) {
    for (std::int64_t extra_columns = 0; extra_columns < 3; ++extra_columns) {
      ConvTranspose2dOptions options = plain.options();
      options.output_padding = Pair(extra_rows, extra_columns);
      const ConvTranspose2d padded(options, plain.weight().clone(), plain.bias()->clone());
      const Pair size(7 + extra_rows, 13 + extra_columns);
      const Tensor chosen = plain(x, size);
      EXPECT_EQ(chosen.sizes(), Sizes({3, size.h, size.w}));
      EXPECT_TRUE(same_bits(chosen, padded(x)));
      const Tensor dy = random.values(chosen.sizes(), DType::float32);
      EXPECT_TRUE(same_bits(*plain.backward(dy, x, size).input, *padded.backward(dy, x).input));
      EXPECT_TRUE(same_bits(*plain.backward(dy, x, size).weight, *padded.backward(dy, x).weight));
    }
  }
}

TEST(ConvTranspose2d, AnOutputSizeOutOfRangeIsRefusedWithTheRange) {
  const ConvTranspose2d conv(1, 1, 3, {2, 3});
  const Tensor x({1, 1, 2, 2});
  EXPECT_EQ(testing::error_of([&] {
              conv(x, {5, 9});
            }),
            "requested an output size of (5, 9), but valid sizes range from [5, 6] to [6, 8] (for "
            "an input of [1, 1, 2, 2])");
  for (const Pair size :
       {Pair(4, 6), Pair(7, 6), Pair(5, 5), Pair(-1, 6), Pair(5, INT64_MAX), Pair(INT64_MIN, 6)}) {
    EXPECT_TRUE(refused([&] { conv(x, size); }, "valid sizes range from [5, 6] to [6, 8]"));
  }
}

// As torch 1.13.1 does: without output_padding the padding takes all, with it one element is left.
TEST(ConvTranspose2d, OutputSizeMayBeTheOnlyOneThatIsNotEmpty) {
  const ConvTranspose2d conv(1, 1, 2, 3, 1);
  const Tensor x({1, 1, 1, 1});
  EXPECT_TRUE(refused([&] { conv(x); }, "Output size is too small"));
  EXPECT_EQ(conv(x, 1).sizes(), Sizes({1, 1, 1, 1}));
  EXPECT_EQ(conv(x, 2).sizes(), Sizes({1, 1, 2, 2}));
  EXPECT_TRUE(refused([&] { conv(x, 0); }, "Output size is too small"));
  EXPECT_TRUE(refused([&] { conv(x, 3); }, "valid sizes range from [0, 0] to [2, 2]"));
}

TEST(ConvTranspose2d, AHugeStrideDoesNotOverflowTheRange) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const ConvTranspose2d conv(1, 1, 3, most);
  EXPECT_EQ(conv(Tensor({1, 1, 1}), 4).sizes(), Sizes({1, 4, 4}));
  EXPECT_TRUE(refused([&] { conv(Tensor({1, 1, 1}), 2); }, "valid sizes range from [3, 3] to ["));
  EXPECT_TRUE(refused([&] { conv(Tensor({1, 2, 2})); }, "too large"));
}

TEST(ConvTranspose2d, ThePrecisionDecidesWhetherItMayRoundOtherwise) {
  ConvTranspose2dOptions options{
      .in_channels = 32, .out_channels = 32, .kernel_size = 3, .padding = 1};
  EXPECT_EQ(ConvTranspose2d(options).plan({32, 16, 16}).algorithm(), "winograd");
  options.precision = Precision::exact;
  EXPECT_EQ(ConvTranspose2d(options).plan({32, 16, 16}).algorithm(), "transposed");
}

TEST(ConvTranspose2d, EmptyBatchesAndUnbatchedInputs) {
  const ConvTranspose2d conv(3, 6, 5, 2, 1, 1);
  EXPECT_EQ(conv(Tensor({0, 3, 4, 4})).sizes(), Sizes({0, 6, 10, 10}));
  EXPECT_EQ(conv(Tensor({3, 4, 4})).sizes(), Sizes({6, 10, 10}));
  EXPECT_EQ(conv.output_sizes({3, 4, 4}), Sizes({6, 10, 10}));
  EXPECT_EQ(conv.plan({3, 4, 4}).multiply_adds(), 3 * 4 * 4 * 6 * 5 * 5);
}

TEST(ConvTranspose2d, WithoutInputChannelsTheBiasIsAllThereIs) {
  ConvTranspose2d conv(0, 1, {1, 2});
  conv.mutable_bias().at<float>({0}) = 5;
  EXPECT_TRUE(holds(conv(Tensor({0, 1, 1})), {5, 5}));
}

TEST(ConvTranspose2d, WrongArgumentsAreRefusedWhenTheLayerIsMade) {
  EXPECT_TRUE(refused([] { ConvTranspose2d(4, 6, 3, 1, 0, 1); },
                      "output padding must be smaller than either stride or dilation"));
  EXPECT_TRUE(refused([] { ConvTranspose2d(4, 6, 3, 1, "same"); }, "takes its padding in numbers"));
  EXPECT_TRUE(refused([] { ConvTranspose2d(4, 6, 3, 1, 0, 0, 1, true, 1, PaddingMode::circular); },
                      "Only \"zeros\" padding mode is supported"));
  EXPECT_TRUE(refused([] { ConvTranspose2d(4, 6, 3, 1, 0, 0, 4); },
                      "out_channels must be divisible by groups"));
}

TEST(ConvTranspose2d, GivenWeightsThatDoNotFitAreRefused) {
  const ConvTranspose2dOptions options{.in_channels = 1, .out_channels = 2, .kernel_size = 3};
  EXPECT_TRUE(refused(
      [&] {
        ConvTranspose2d(options, Tensor({2, 1, 3, 3}), Tensor({2}));
      },
      "[2, 1, 3, 3]"));
}

}  // namespace
}  // namespace conv2d

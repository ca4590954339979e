// Conv2d: ways to make one, what it computes, what it refuses, copies and moves.
#include <conv2d/nn.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace conv2d {
namespace {

using testing::holds;
using testing::Random;
using testing::refused;
using testing::same_bits;
using testing::too_many_bytes;

static_assert(std::is_copy_constructible_v<Conv2d> && std::is_copy_assignable_v<Conv2d>);
static_assert(std::is_nothrow_move_constructible_v<Conv2d>);
static_assert(std::is_nothrow_move_assignable_v<Conv2d>);
static_assert(!std::is_convertible_v<Conv2dOptions, Conv2d>);

TEST(Conv2d, PositionalAndNamedArgumentsMakeTheSameLayer) {
  manual_seed(1);
  const Conv2d positional(4, 6, 3, 2, {1, 2}, {1, 2}, 2, false, PaddingMode::reflect);
  manual_seed(1);
  const Conv2d named({.in_channels = 4,
                      .out_channels = 6,
                      .kernel_size = 3,
                      .stride = 2,
                      .padding = {1, 2},
                      .dilation = {1, 2},
                      .groups = 2,
                      .bias = false,
                      .padding_mode = PaddingMode::reflect});
  EXPECT_EQ(positional.options(), named.options());
  EXPECT_TRUE(same_bits(positional.weight(), named.weight()));
}

TEST(Conv2d, DefaultsAreTorchs) {
  const Conv2d conv(3, 6, 5);
  EXPECT_EQ(conv.options(), (Conv2dOptions{.in_channels = 3,
                                           .out_channels = 6,
                                           .kernel_size = Pair(5, 5),
                                           .stride = Pair(1, 1),
                                           .padding = Padding(0, 0, 0, 0),
                                           .dilation = Pair(1, 1),
                                           .groups = 1,
                                           .bias = true,
                                           .padding_mode = PaddingMode::zeros,
                                           .dtype = DType::float32}));
  EXPECT_EQ(conv.weight().sizes(), Sizes({6, 3, 5, 5}));
  EXPECT_EQ(conv.bias()->sizes(), Sizes({6}));
}

TEST(Conv2d, PaddingIsANumberAPairFourSidesOrARule) {
  const Sizes input{1, 1, 8, 8};
  const auto rows_and_columns = [&](const Padding& padding) {
    const Sizes sizes = Conv2d(1, 1, 3, 2, padding).output_sizes(input);
    return Pair(sizes[2], sizes[3]);
  };
  EXPECT_EQ(rows_and_columns(0), Pair(3, 3));
  EXPECT_EQ(rows_and_columns(1), Pair(4, 4));
  EXPECT_EQ(rows_and_columns({1, 0}), Pair(4, 3));
  EXPECT_EQ(rows_and_columns({2, 1, 0, 3}), Pair(5, 5));
  EXPECT_EQ(rows_and_columns("valid"), Pair(3, 3));
  EXPECT_EQ(rows_and_columns("same"), Pair(4, 4));
  EXPECT_EQ(rows_and_columns(same_lower), Pair(4, 4));
}

TEST(Conv2d, GivenWeightsAreTakenWithoutACopy) {
  Tensor weight = Tensor::from<float>({1, 1, 1, 2}, {1, 10});
  const void* memory = weight.data();
  const Conv2d conv({.in_channels = 1, .out_channels = 1, .kernel_size = {1, 2}}, std::move(weight),
                    Tensor::from<float>({1}, {0.5}));
  EXPECT_EQ(conv.weight().data(), memory);
  EXPECT_TRUE(holds(conv(Tensor::from<float>({1, 1, 3}, {1, 2, 3})), {21.5, 32.5}));
}

TEST(Conv2d, GivenWeightsThatDoNotFitAreRefused) {
  const Conv2dOptions options{.in_channels = 1, .out_channels = 2, .kernel_size = 3};
  EXPECT_TRUE(refused([&] { Conv2d(options, Tensor({2, 1, 3, 2}), Tensor({2})); }, "[2, 1, 3, 2]"));
  EXPECT_TRUE(refused([&] { Conv2d(options, Tensor({2, 1, 3, 3}), Tensor({3})); }, "[3]"));
  EXPECT_TRUE(refused([&] { Conv2d(options, Tensor({2, 1, 3, 3})); }, "was given none"));
  EXPECT_TRUE(refused(
      [&] {
        Conv2d(options, Tensor({2, 1, 3, 3}, DType::float64), Tensor({2}));
      },
      "float64"));
}

TEST(Conv2d, TheKernelIsNotTurned) {
  const Conv2d conv({.in_channels = 1, .out_channels = 1, .kernel_size = {1, 3}, .bias = false},
                    Tensor::from<float>({1, 1, 1, 3}, {1, 0, -1}));
  EXPECT_TRUE(holds(conv(Tensor::from<float>({1, 1, 4}, {1, 2, 4, 8})), {1 - 4, 2 - 8}));
}

TEST(Conv2d, AnUnbatchedInputGivesAnUnbatchedOutput) {
  Random random;
  const Conv2d conv(3, 6, 5);
  const Tensor image = random.values({3, 8, 9}, DType::float32);
  const Tensor alone = conv(image);
  EXPECT_EQ(alone.sizes(), Sizes({6, 4, 5}));
  EXPECT_TRUE(same_bits(alone, conv(image.view().unsqueeze(0)).squeeze(0)));
  EXPECT_EQ(conv.output_sizes({3, 8, 9}), alone.sizes());
}

TEST(Conv2d, AnEmptyBatchGivesAnEmptyOutputOfTheRightShape) {
  EXPECT_EQ(Conv2d(3, 6, 5)(Tensor({0, 3, 8, 8})).sizes(), Sizes({0, 6, 4, 4}));
}

TEST(Conv2d, WithoutInputChannelsTheBiasIsAllThereIs) {
  Conv2d conv(0, 2, 3);
  EXPECT_EQ(conv.weight().numel(), 0);
  EXPECT_TRUE(holds(*conv.bias(), {0, 0}));  // not what memory happened to hold
  conv.mutable_bias().at<float>({1}) = 5;
  EXPECT_TRUE(holds(conv(Tensor({1, 0, 3, 3})), {0, 5}));
}

TEST(Conv2d, PaddingLargerThanInputIsZero) {
  const Conv2d conv(
      {.in_channels = 1, .out_channels = 1, .kernel_size = 1, .padding = 3, .bias = false},
      Tensor::full({1, 1, 1, 1}, 2));
  const Tensor y = conv(Tensor::full({1, 1, 1}, 4));
  EXPECT_EQ(y.sizes(), Sizes({1, 7, 7}));
  double sum = 0;
  for (const float value : testing::values_of<float>(y)) {
    sum += value;
  }
  EXPECT_EQ(sum, 8);
  EXPECT_EQ(y.at<float>({0, 3, 3}), 8);
}

// torch 1.13.1: conv(x).is_contiguous(memory_format=torch.channels_last) for each pair.
TEST(Conv2d, TheOutputIsChannelsLastWhenTheInputOrTheWeightIs) {
  constexpr auto last = MemoryFormat::channels_last;
  const Tensor x({2, 3, 6, 6});
  const Tensor w({4, 3, 3, 3});
  const Tensor last_x = x.clone(last);
  const Tensor last_w = w.clone(last);
  const auto format = [](TensorView input, TensorView weight) {
    return functional::conv2d(input, weight).memory_format();
  };
  EXPECT_EQ(format(x, w), MemoryFormat::contiguous);
  EXPECT_EQ(format(last_x, w), last);
  EXPECT_EQ(format(x, last_w), last);
  EXPECT_EQ(format(last_x, last_w), last);
  const auto transposed = [](TensorView input, TensorView weight) {
    return functional::conv_transpose2d(input, weight).memory_format();
  };
  EXPECT_EQ(transposed(x, w.view().permute({1, 0, 2, 3}).clone(last)), last);
  EXPECT_EQ(transposed(last_x, w.view().permute({1, 0, 2, 3}).clone(MemoryFormat::contiguous)),
            last);
}

TEST(Conv2d, EveryFloatingDtypeIsALayer) {
  Random random;
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16,
                            DType::complex64, DType::complex128}) {
    const Conv2d conv({.in_channels = 2, .out_channels = 3, .kernel_size = 3, .dtype = dtype});
    EXPECT_EQ(conv(random.values({2, 5, 5}, dtype)).dtype(), dtype);
    EXPECT_EQ(conv.bias()->dtype(), dtype);
  }
}

TEST(Conv2d, IntegerLayersStartAtZeroAndHaveAnInt32Bias) {
  for (const DType dtype : {DType::int8, DType::uint8, DType::int32}) {
    Conv2d conv({.in_channels = 1, .out_channels = 1, .kernel_size = 1, .dtype = dtype});
    EXPECT_TRUE(holds(conv.weight(), {0}));
    conv.mutable_bias().at<std::int32_t>({0}) = 70000;
    const Tensor y = conv(Tensor::full({1, 1, 1}, 5, dtype));
    EXPECT_EQ(y.dtype(), DType::int32);
    EXPECT_TRUE(holds(y, {70000}));
  }
}

TEST(Conv2d, ACopyHasItsOwnParameters) {
  Conv2d conv(1, 1, 1);
  Conv2d copy = conv;
  conv.mutable_weight().at<float>({0, 0, 0, 0}) = 9;
  EXPECT_NE(copy.weight().at<float>({0, 0, 0, 0}), 9);
  copy = conv;
  EXPECT_EQ(copy.weight().at<float>({0, 0, 0, 0}), 9);
  EXPECT_NE(copy.weight().data(), conv.weight().data());
  const Conv2d& itself = copy;
  copy = itself;
  EXPECT_EQ(copy.weight().at<float>({0, 0, 0, 0}), 9);
}

TEST(Conv2d, AssigningAnotherShapeTakesItsOptionsToo) {
  Conv2d conv(1, 1, 1);
  conv = Conv2d(3, 6, 5, 2, 0, 1, 1, false);
  EXPECT_EQ(conv.output_sizes({3, 9, 9}), Sizes({6, 3, 3}));
  EXPECT_FALSE(conv.bias().has_value());
  EXPECT_EQ(conv(Tensor({3, 9, 9})).sizes(), Sizes({6, 3, 3}));
}

TEST(Conv2d, MovingMovesTheParameters) {
  Conv2d conv(3, 6, 5);
  const void* memory = conv.weight().data();
  Conv2d moved = std::move(conv);
  EXPECT_EQ(moved.weight().data(), memory);
  // A call on the empty shell is a sentence, not a read of freed memory.
  EXPECT_TRUE(refused(
      [&] {
        conv(Tensor({3, 8, 8}));
      },  // NOLINT(bugprone-use-after-move)
      "Expected a 4D weight"));
  conv = std::move(moved);
  EXPECT_EQ(conv.weight().data(), memory);
}

TEST(Conv2d, ArgumentsThatNoInputFitsAreRefusedWhenTheLayerIsMade) {
  EXPECT_TRUE(refused([] { Conv2d(3, 6, 5, 1, 0, 1, 2); }, "in_channels must be divisible by"));
  EXPECT_TRUE(refused([] { Conv2d(4, 6, 5, 1, 0, 1, 4); }, "out_channels must be divisible by"));
  EXPECT_TRUE(refused([] { Conv2d(4, 6, 5, 1, 0, 1, -1); }, "groups must be a positive integer"));
  EXPECT_TRUE(refused([] { Conv2d(3, 6, 0); }, "kernel size should be greater than zero"));
  EXPECT_TRUE(refused([] { Conv2d(3, 6, 5, 0); }, "non-positive stride is not supported"));
  EXPECT_TRUE(refused([] { Conv2d(3, 6, 5, 1, -1); }, "negative padding is not supported"));
  EXPECT_TRUE(refused([] { Conv2d(3, 6, 5, 1, 0, 0); }, "dilation should be greater than zero"));
  EXPECT_TRUE(refused([] { Conv2d(3, 6, 5, 1, "full"); }, "Invalid padding string 'full'"));
}

TEST(Conv2d, ImpossiblyManyWeightsAreRefusedWhenTheLayerIsMade) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(refused([] { Conv2d(most, most, 3); }, too_many_bytes));
  EXPECT_TRUE(refused([] { Conv2d(1, 1, most); }, too_many_bytes));
}

TEST(Conv2d, InputsThatDoNotFitAreRefusedAtTheCall) {
  const Conv2d conv(4, 4, 3);
  EXPECT_TRUE(refused([&] { conv(Tensor({8, 8})); }, "Expected 3D (unbatched) or 4D (batched)"));
  EXPECT_TRUE(refused([&] { conv(Tensor({1, 3, 8, 8})); }, "but got 3 channels instead"));
  EXPECT_TRUE(refused([&] { conv(Tensor({0, 4, 2, 8})); }, "Kernel size: (3 x 3)"));
  EXPECT_TRUE(refused(
      [&] {
        conv(Tensor({1, 4, 8, 8}, DType::float64));
      },
      "Input type (float64) and weight type (float32) should be the same"));
  EXPECT_TRUE(refused([&] { conv.output_sizes({1, 3, 8, 8}); }, "but got 3 channels instead"));
}

TEST(Conv2d, AMissingBiasCannotBeWrittenTo) {
  Conv2d conv({.in_channels = 1, .out_channels = 1, .kernel_size = 1, .bias = false});
  EXPECT_TRUE(refused([&] { conv.mutable_bias(); }, "made with bias=False"));
}

TEST(Conv2d, ThePlanIsThatOfItsCall) {
  const Conv2d conv(3, 6, 5);
  EXPECT_EQ(conv.plan({2, 3, 8, 8}).output_sizes(), conv(Tensor({2, 3, 8, 8})).sizes());
  EXPECT_EQ(conv.plan({3, 32, 32}).multiply_adds(), 352800);
}

}  // namespace
}  // namespace conv2d

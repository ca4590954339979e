// Small tensors with huge strides, dilations and paddings: no algorithm lays memory out for what
// lies between.
#include <conv2d/functional.h>
#include <conv2d/plan.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace conv2d {
namespace {

using testing::Random;
using testing::same_bits;

constexpr std::int64_t distance = 1'000'000'000;
constexpr std::size_t little = std::size_t{16} << 20U;

void expect_little_memory(const Plan& plan) {
  for (const Candidate& candidate : plan.candidates()) {
    if (candidate.possible) {
      EXPECT_LT(plan.with_algorithm(candidate.name).workspace_bytes(), little) << candidate.name;
    }
  }
}

void expect_reference(Random& random, const Sizes& input, const Sizes& weight,
                      const functional::Conv2dArguments& arguments) {
  for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Plan plan = Plan::conv2d(input, weight, false, DType::float32, arguments, format);
    expect_little_memory(plan);
    const Tensor x = random.integers(input, DType::float32, -4, 4, format);
    const Tensor w = random.integers(weight, DType::float32);
    Tensor expected(plan.output_sizes());
    plan.with_algorithm("reference").run(x, w, std::nullopt, expected);
    EXPECT_TRUE(same_bits(functional::conv2d(x, w, std::nullopt, arguments), expected));
  }
}

TEST(Distances, OfWindowsTakeNoMemory) {
  Random random;
  for (const std::int64_t channels : {1, 16}) {
    expect_reference(random, {1, channels, 9, 9}, {channels, channels, 1, 1}, {.stride = distance});
    expect_reference(random, {1, channels, 9, 9}, {channels, 1, 3, 3},
                     {.stride = distance, .groups = channels});
    expect_reference(random, {1, channels, 9, 9}, {channels, 1, 3, 3},
                     {.stride = Pair(1, distance), .groups = channels});
  }
  for (const Pair stride : {Pair(distance, 1), Pair(1, distance)}) {
    expect_reference(random, {1, 16, 9, 9}, {16, 2, 3, 3}, {.stride = stride, .groups = 8});
  }
}

TEST(Distances, OfTapsTakeNoMemory) {
  Random random;
  for (const std::int64_t channels : {1, 16}) {
    for (const Pair dilation : {Pair(distance, 1), Pair(1, distance), Pair(distance)}) {
      const functional::Conv2dArguments arguments{.padding = Padding(dilation),
                                                  .dilation = dilation};
      expect_reference(random, {1, channels, 9, 9}, {channels, channels, 3, 3}, arguments);
      functional::Conv2dArguments grouped = arguments;
      grouped.groups = channels;
      expect_reference(random, {1, channels, 9, 9}, {channels, 1, 3, 3}, grouped);
      expect_reference(random, {1, 2 * channels, 9, 9}, {2 * channels, 2, 3, 3}, grouped);
    }
  }
}

TEST(Distances, OfATransposedLayerTakeNoMemory) {
  Random random;
  const functional::ConvTranspose2dArguments arguments{.padding = Padding(Pair(distance)),
                                                       .dilation = distance};
  const Sizes input{1, 4, 5, 6};
  const Sizes weight{4, 8, 3, 3};
  const Plan plan = Plan::conv_transpose2d(input, weight, false, DType::float32, arguments);
  expect_little_memory(plan);
  const Tensor x = random.integers(input, DType::float32);
  const Tensor w = random.integers(weight, DType::float32);
  // Only the middle taps meet the result.
  const Tensor middle = w.view().slice(2, 1, 2).slice(3, 1, 2).clone(MemoryFormat::contiguous);
  EXPECT_TRUE(same_bits(functional::conv_transpose2d(x, w, std::nullopt, arguments),
                        functional::conv_transpose2d(x, middle)));
}

}  // namespace
}  // namespace conv2d

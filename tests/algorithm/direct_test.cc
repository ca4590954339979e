// Large inputs and results of the direct algorithm; its other numbers are tested with those of the
// other exact ones.
#include <conv2d/machine.h>
#include <conv2d/plan.h>

#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace conv2d {
namespace {

using testing::Configuration;

TEST(Direct, RefusesAWeightPackedForOtherInstructions) {
  const auto sets = simd::instruction_sets();
  if (sets.size() < 2) {
    GTEST_SKIP() << "only " << sets.front();
  }
  const Tensor x({1, 8, 6, 6});
  const Plan plan = Plan::conv2d(x.sizes(), {16, 8, 3, 3}, false, DType::float32, {},
                                 MemoryFormat::channels_last);
  ASSERT_EQ(plan.algorithm(), "direct");
  Tensor y(plan.output_sizes());
  const PackedWeight packed = plan.pack(Tensor({16, 8, 3, 3}));
  const testing::Instructions scope(sets.back());
  EXPECT_TRUE(testing::refused([&] { plan.run(x, packed, std::nullopt, y); },
                               "packed for other vector instructions"));
}

/// Channels-last.
void expect_the_references_bits(const Configuration& c) {
  testing::Random random;
  const Tensor x = random.values(c.input, DType::float32).clone(MemoryFormat::channels_last);
  const Tensor w = random.values(c.weight, DType::float32);
  const Plan plan = Plan::conv2d(x.sizes(), w.sizes(), false, DType::float32, c.arguments,
                                 MemoryFormat::channels_last)
                        .with_algorithm("direct");
  Tensor y(c.output, DType::float32, MemoryFormat::channels_last);
  plan.run(x, w, std::nullopt, y);
  EXPECT_TRUE(
      testing::same_bits(y, testing::reference_forward(c, x, w, std::nullopt, DType::float32)));
}

/// Of such a result lines are fetched before they are written.
TEST(Direct, AResultThatNoNearCacheHoldsIsTheReference) {
  if (!machine().fused_multiply_add) {
    GTEST_SKIP() << "other bits without fused multiply-adds";
  }
  constexpr std::int64_t columns = 200;
  constexpr std::int64_t outputs = 80;
  const auto floats = static_cast<std::int64_t>(machine().l2_bytes);  // four times the bytes
  const std::int64_t rows = floats / outputs / columns + 1;
  expect_the_references_bits({.input = {1, 2, rows, columns},
                              .weight = {outputs, 2, 1, 1},
                              .output = {1, outputs, rows, columns},
                              .arguments = {}});
}

/// Of such an input, whose rows lie a multiple of 4 KiB apart, lines are fetched before they are
/// read.
TEST(Direct, AnInputThatNoNearCacheHoldsGivesTheReferencesBits) {
  if (!machine().fused_multiply_add) {
    GTEST_SKIP() << "other bits without fused multiply-adds";
  }
  constexpr std::int64_t channels = 32;
  constexpr std::int64_t columns = 64;
  constexpr std::int64_t outputs = 64;
  const auto row_bytes = static_cast<std::int64_t>(sizeof(float)) * channels * columns;
  const std::int64_t rows = static_cast<std::int64_t>(machine().l2_bytes) / row_bytes + 4;
  expect_the_references_bits({.input = {1, channels, rows, columns},
                              .weight = {outputs, channels, 3, 3},
                              .output = {1, outputs, (rows - 1) / 2 + 1, columns / 2},
                              .arguments = {.stride = 2, .padding = 1}});
}

}  // namespace
}  // namespace conv2d

// Results that no cache holds go past the caches, with the same bits.
#include "algorithm/streaming.h"

#include <conv2d/machine.h>
#include <conv2d/plan.h>

#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <optional>

namespace conv2d {
namespace {

using testing::Random;

constexpr auto interleaved = MemoryFormat::channels_last;

Operands operands(const Tensor& x, Tensor& y, const functional::Epilogue* epilogue = nullptr) {
  return {x, x, std::nullopt, y, nullptr, epilogue};
}

TEST(Streaming, IsForInputsAndOutputsThatNoCacheHolds) {
  const auto half = static_cast<std::int64_t>(machine().l3_bytes / 2 / sizeof(float));
  const Tensor x({1, 1, 1, half});
  Tensor small({1, 1, 1, half});
  Tensor large({1, 1, 2, half});
  EXPECT_FALSE(leaves_caches(operands(x, small)));
  EXPECT_TRUE(leaves_caches(operands(x, large)));
  const functional::Epilogue relu{.residual = {}, .low = 0, .high = {}};
  EXPECT_FALSE(leaves_caches(operands(x, large, &relu)));
  const functional::Epilogue nothing;
  EXPECT_TRUE(leaves_caches(operands(x, large, &nothing)));
}

TEST(Streaming, IsForRowsOfWholeVectors) {
  const std::int64_t lanes = 16;
  Tensor planes({2, 3, 5, 32});
  EXPECT_TRUE(rows_are_aligned(planes, lanes));
  EXPECT_FALSE(rows_are_aligned(MutableTensorView(planes).slice(3, 1, 17), lanes));
  Tensor ragged({2, 3, 5, 33});
  EXPECT_FALSE(rows_are_aligned(ragged, lanes));
  Tensor pixels({2, 3, 5, 32}, DType::float32, interleaved);
  EXPECT_TRUE(rows_are_aligned(pixels, lanes));
  Tensor ragged_pixels({2, 3, 5, 33}, DType::float32, interleaved);
  EXPECT_FALSE(rows_are_aligned(ragged_pixels, lanes));
}

/// By an epilogue that changes nothing a result stays in the caches.
TEST(Streaming, ChangesNoBit) {
  if (machine().l3_bytes > std::size_t{64} << 20U) {
    GTEST_SKIP() << "takes too long where caches are so large";
  }
  Random random;
  const functional::Epilogue idle{
      .residual = {}, .low = -std::numeric_limits<double>::infinity(), .high = {}};
  const std::int64_t columns = 1040;
  for (const std::int64_t channels : {1, 3}) {
    const auto rows =
        static_cast<std::int64_t>(machine().l3_bytes / sizeof(float) / 2) / columns / channels + 9;
    for (const auto format : {MemoryFormat::contiguous, interleaved}) {
      for (const std::int64_t kernel : {3, 4}) {
        const Plan plan =
            Plan::conv2d(
                {1, channels, rows, columns}, {channels, 1, kernel, kernel}, false, DType::float32,
                {.padding = Padding(1, kernel - 2, 1, kernel - 2), .groups = channels}, format)
                .with_algorithm("depthwise_rows");
        const Tensor x = random.integers(plan.input_sizes(), DType::float32, -4, 4, format);
        const Tensor w = random.values(plan.weight_sizes(), DType::float32);
        Tensor streamed(plan.output_sizes(), DType::float32, format);
        Tensor kept(plan.output_sizes(), DType::float32, format);
        ASSERT_TRUE(leaves_caches(operands(x, streamed)));
        ASSERT_TRUE(rows_are_aligned(streamed, 16));
        plan.run(x, w, std::nullopt, streamed);
        plan.run(x, w, std::nullopt, kept, idle);
        ASSERT_TRUE(testing::same_bits(streamed, kept)) << channels << " channels, " << kernel;
      }
    }
  }
}

}  // namespace
}  // namespace conv2d

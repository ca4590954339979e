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
void expect_same_bits(Random& random, const Plan& plan) {
  const functional::Epilogue idle{
      .residual = {}, .low = -std::numeric_limits<double>::infinity(), .high = {}};
  const Tensor x = random.integers(plan.input_sizes(), DType::float32, -4, 4, plan.format());
  const Tensor w = random.values(plan.weight_sizes(), DType::float32);
  Tensor streamed(plan.output_sizes(), DType::float32, plan.format());
  Tensor kept(plan.output_sizes(), DType::float32, plan.format());
  ASSERT_TRUE(leaves_caches(operands(x, streamed)));
  ASSERT_TRUE(rows_are_aligned(streamed, 16));
  plan.run(x, w, std::nullopt, streamed);
  plan.run(x, w, std::nullopt, kept, idle);
  ASSERT_TRUE(testing::same_bits(streamed, kept)) << plan.explain();
}

class StreamedResults : public ::testing::Test {
 protected:
  static constexpr std::int64_t columns = 1040;

  void SetUp() override {
    if (machine().l3_bytes > std::size_t{64} << 20U) {
      GTEST_SKIP() << "takes too long where caches are so large";
    }
  }

  /// Of so many channels altogether, so that input and output outgrow the last cache.
  static std::int64_t rows(std::int64_t channels) {
    const auto elements = static_cast<std::int64_t>(machine().l3_bytes / sizeof(float));
    return elements / columns / channels + 9;
  }

  Random random_;
};

TEST_F(StreamedResults, OfDepthwiseRowsAreTheSame) {
  for (const std::int64_t channels : {1, 3}) {
    for (const auto format : {MemoryFormat::contiguous, interleaved}) {
      for (const std::int64_t kernel : {3, 4}) {
        expect_same_bits(random_, Plan::conv2d({1, channels, rows(2 * channels), columns},
                                               {channels, 1, kernel, kernel}, false, DType::float32,
                                               {.padding = Padding(1, kernel - 2, 1, kernel - 2),
                                                .groups = channels},
                                               format)
                                      .with_algorithm("depthwise_rows"));
      }
    }
  }
}

TEST_F(StreamedResults, OfDirectAreTheSame) {
  for (const std::int64_t outputs : {16, 80}) {
    expect_same_bits(random_, Plan::conv2d({1, 2, rows(2 + outputs), columns}, {outputs, 2, 3, 3},
                                           false, DType::float32, {.padding = 1}, interleaved)
                                  .with_algorithm("direct"));
  }
}

}  // namespace
}  // namespace conv2d

// Results that no cache holds go past the caches, with the same bits.
#include "algorithm/streaming.h"

#include <conv2d/machine.h>
#include <conv2d/plan.h>
#include <conv2d/threads.h>

#include "simd/dispatch.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace conv2d {
namespace {

using testing::Random;

constexpr auto interleaved = MemoryFormat::channels_last;

Operands operands(const Tensor& x, Tensor& y, const functional::Epilogue* epilogue = nullptr) {
  return {x, x, std::nullopt, y, nullptr, epilogue};
}

TEST(Streaming, IsForInputsAndOutputsOfMoreThanAShareOfTheLastCache) {
  for (const std::int64_t threads : {1, 2}) {
    const testing::Threads scope(static_cast<int>(threads));
    const auto eighth = static_cast<std::int64_t>(machine().l3_bytes / 8 / sizeof(float));
    const std::int64_t each = eighth * (threads == 1 ? 3 : 4) / 2;
    const Tensor x({1, 1, 1, each});
    Tensor small({1, 1, 1, each});
    Tensor large({1, 1, 1, each + 1});
    EXPECT_FALSE(crowds_caches_with_input(operands(x, small)));
    EXPECT_TRUE(crowds_caches_with_input(operands(x, large)));
    const functional::Epilogue relu{.residual = {}, .low = 0, .high = {}};
    EXPECT_FALSE(crowds_caches_with_input(operands(x, large, &relu)));
    const functional::Epilogue nothing;
    EXPECT_TRUE(crowds_caches_with_input(operands(x, large, &nothing)));
  }
}

/// Sums of channels * kernel * kernel products.
Problem problem(std::int64_t channels, std::int64_t kernel) {
  Problem sums;
  sums.in_channels = channels;
  sums.rows.kernel = kernel;
  sums.columns.kernel = kernel;
  return sums;
}

class Crowding : public ::testing::Test {
 protected:
  void TearDown() override { set_num_threads(threads_); }

  const std::int64_t room_ = static_cast<std::int64_t>(machine().l3_bytes / 4 / sizeof(float));
  const int threads_ = num_threads();
};

TEST_F(Crowding, IsByAQuarterOfTheLastCache) {
  set_num_threads(1);
  Tensor small({1, 1, 1, room_});
  Tensor large({1, 1, 1, room_ + 1});
  EXPECT_FALSE(crowds_caches(problem(1, 3), nullptr, small));
  EXPECT_TRUE(crowds_caches(problem(1, 3), nullptr, large));
  const functional::Epilogue relu{.residual = {}, .low = 0, .high = {}};
  EXPECT_FALSE(crowds_caches(problem(1, 3), &relu, large));
  const functional::Epilogue nothing;
  EXPECT_TRUE(crowds_caches(problem(1, 3), &nothing, large));
}

TEST_F(Crowding, IsByThatOfEachThreadWhereMemoryIsSlowerThanTheSums) {
  set_num_threads(4);
  Tensor once({1, 1, 1, 2 * room_});
  Tensor each({1, 1, 1, 4 * room_ + 4});
  EXPECT_FALSE(crowds_caches(problem(1, 1), nullptr, once));
  EXPECT_TRUE(crowds_caches(problem(64, 3), nullptr, once));
  EXPECT_TRUE(crowds_caches(problem(1, 1), nullptr, each));
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

TEST(Streaming, IsForPixelsOfWholeVectors) {
  const std::int64_t lanes = 16;
  Tensor pixels({2, 32, 5, 3}, DType::float32, interleaved);
  EXPECT_TRUE(pixels_are_aligned(pixels, 32, lanes));
  EXPECT_TRUE(pixels_are_aligned(pixels, 16, lanes));
  EXPECT_FALSE(pixels_are_aligned(pixels, 8, lanes));
  EXPECT_FALSE(pixels_are_aligned(MutableTensorView(pixels).slice(1, 8, 24), 16, lanes));
  Tensor ragged({2, 24, 5, 2}, DType::float32, interleaved);
  EXPECT_FALSE(pixels_are_aligned(ragged, 16, lanes));
  Tensor planes({2, 32, 5, 32});
  EXPECT_FALSE(pixels_are_aligned(planes, 32, lanes));
}

TEST(Streaming, IsForPlanesOfWholeLines) {
  Tensor planes({2, 3, 5, 32});
  EXPECT_TRUE(planes_are_aligned(planes));
  EXPECT_FALSE(planes_are_aligned(MutableTensorView(planes).slice(3, 0, 15)));
  EXPECT_FALSE(planes_are_aligned(MutableTensorView(planes).slice(3, 8, 16)));
  Tensor ragged({2, 3, 5, 24});
  EXPECT_FALSE(planes_are_aligned(ragged));
  Tensor pixels({2, 1, 5, 32}, DType::float32, interleaved);
  EXPECT_FALSE(planes_are_aligned(pixels));
}

/// Those in use, or narrower ones that round alike.
std::string_view drawn_instructions(Random& random) {
  std::vector<std::string_view> sets{simd::instructions_in_use()};
  for (const auto name : simd::instruction_sets()) {
    if (testing::has_fused_multiply_add(name) && name != sets.front()) {
      sets.push_back(name);
    }
  }
  return sets[at(random.between(0, std::ssize(sets) - 1))];
}

/// The plan's output, with every tensor at the beginning or the end of pages that nobody may leave.
Tensor guarded_output(Random& random, const Plan& plan, const Tensor& x, const Tensor& w) {
  const testing::Instructions scope(drawn_instructions(random));
  const bool at_end = random.coin();
  const Tensor input = testing::guarded(x, at_end);
  const Tensor weight = testing::guarded(w, at_end);
  Tensor y = testing::guarded(Tensor(plan.output_sizes(), DType::float32, plan.format()), at_end);
  plan.run(input, weight, std::nullopt, y);
  return y;
}

/// By an epilogue that changes nothing a result stays in the caches.
void expect_same_bits(Random& random, const Plan& plan) {
  const functional::Epilogue idle{
      .residual = {}, .low = -std::numeric_limits<double>::infinity(), .high = {}};
  const Tensor x = random.integers(plan.input_sizes(), DType::float32, -4, 4, plan.format());
  const Tensor w = random.values(plan.weight_sizes(), DType::float32);
  Tensor kept(plan.output_sizes(), DType::float32, plan.format());
  ASSERT_TRUE(crowds_caches_with_input(operands(x, kept)));
  plan.run(x, w, std::nullopt, kept, idle);
  const Tensor streamed = guarded_output(random, plan, x, w);
  ASSERT_TRUE(testing::same_bits(streamed, kept)) << plan.explain();
}

class StreamedResults : public ::testing::Test {
 protected:
  static constexpr std::int64_t columns = 1040;

  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "takes minutes, and the sanitizer does not see stores past the caches";
#endif
    if (machine().l3_bytes > std::size_t{64} << 20U) {
      GTEST_SKIP() << "takes too long where caches are so large";
    }
  }

  /// Of so many channels altogether, so that input and output outgrow the last cache.
  static std::int64_t rows(std::int64_t channels) {
    const auto elements = static_cast<std::int64_t>(machine().l3_bytes / sizeof(float));
    return elements / columns / channels + 9;
  }

  /// As many outputs as inputs in each group.
  static Plan in_groups(std::int64_t channels, std::int64_t inputs, std::int64_t kernel,
                        MemoryFormat format) {
    return Plan::conv2d(
        {1, channels, rows(2 * channels), columns}, {channels, inputs, kernel, kernel}, false,
        DType::float32,
        {.padding = Padding(1, kernel - 2, 1, kernel - 2), .groups = channels / inputs}, format);
  }

  Random random_;
};

TEST_F(StreamedResults, OfDepthwiseRowsAreTheSame) {
  for (const std::int64_t channels : {1, 3}) {
    for (const auto format : {MemoryFormat::contiguous, interleaved}) {
      for (const std::int64_t kernel : {3, 4}) {
        expect_same_bits(random_,
                         in_groups(channels, 1, kernel, format).with_algorithm("depthwise_rows"));
      }
    }
  }
}

TEST_F(StreamedResults, OfLowStripsAreTheDefinitions) {
  for (const std::int64_t channels : {1, 3}) {
    for (const auto format : {MemoryFormat::contiguous, interleaved}) {
      const Plan plan = in_groups(channels, 1, 3, format).with_algorithm("depthwise_rows");
      const Tensor x = random_.values(plan.input_sizes(), DType::float32, format);
      const Tensor w = random_.values(plan.weight_sizes(), DType::float32);
      const Tensor in_strips = guarded_output(random_, plan, x, w);
      Tensor defined(plan.output_sizes(), DType::float32, format);
      ASSERT_GT(bytes_of(x) + bytes_of(defined), machine().l3_bytes);
      plan.with_algorithm("reference").run(x, w, std::nullopt, defined);
      ASSERT_TRUE(testing::same_bits(in_strips, defined)) << plan.explain();
    }
  }
}

TEST_F(StreamedResults, OfSeveralFiltersOfOneChannelAreTheSame) {
  for (const std::int64_t outputs : {2, 3, 4}) {
    expect_same_bits(random_, Plan::conv2d({1, 1, rows(1 + outputs), columns}, {outputs, 1, 3, 3},
                                           false, DType::float32, {.padding = 1}, interleaved)
                                  .with_algorithm("depthwise_rows"));
  }
}

TEST_F(StreamedResults, OfDepthwiseChannelsAndJoinedGroupsAreTheSame) {
  for (const std::int64_t channels : {16, 48}) {
    for (const std::int64_t inputs : {1, 4}) {
      for (const std::int64_t kernel : {3, 4}) {
        expect_same_bits(random_,
                         in_groups(channels, inputs, kernel, interleaved)
                             .with_algorithm(inputs == 1 ? "depthwise_channels" : "joined_groups"));
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

TEST_F(StreamedResults, OfPlanarAreTheSame) {
  // Rows of whole vectors; rows that are not, of images that are; and neither.
  for (const std::int64_t width : {columns, columns + 8, columns + 1}) {
    for (const std::int64_t kernel : {1, 3}) {
      for (const std::int64_t inputs : {3, 24, 56}) {
        const std::int64_t height = rows(inputs + 19) / 2 * 2 + 2;
        expect_same_bits(
            random_, Plan::conv2d({1, inputs, height, width}, {19, inputs, kernel, kernel}, false,
                                  DType::float32, {.padding = kernel / 2})
                         .with_algorithm("planar"));
      }
    }
  }
}

TEST_F(StreamedResults, OfWinogradAreTheSame) {
  for (const char* const algorithm : {"winograd", "winograd_2x2"}) {
    for (const std::int64_t outputs : {16, 96}) {
      for (const auto format : {MemoryFormat::contiguous, interleaved}) {
        expect_same_bits(
            random_, Plan::conv2d({1, 16, rows(16 + outputs), columns}, {outputs, 16, 3, 3}, false,
                                  DType::float32, {.padding = 1}, format)
                         .with_algorithm(algorithm));
      }
    }
  }
}

/// Images follow each other, and pieces of them are asked for before they are turned.
TEST(Streaming, PlanesThatComeFromMemoryGiveTheBitsOfEachImage) {
  constexpr std::int64_t channels = 1000;  // the last block of them is a smaller one
  const auto of_batch = [](std::int64_t batch) {
    return Plan::conv2d({batch, channels, 7, 7}, {channels, 1, 13, 13}, false, DType::float32,
                        {.padding = 6, .groups = channels})
        .with_algorithm("depthwise_channels");
  };
  const std::size_t image = 2 * sizeof(float) * channels * 49;
  const auto batch = static_cast<std::int64_t>(8 * machine().l2_bytes / image) + 1;
  if (batch > 200) {
    GTEST_SKIP() << "takes too long where caches are so large";
  }
  Random random;
  const Tensor x = random.values({batch, channels, 7, 7}, DType::float32);
  const Tensor w = random.values({channels, 1, 13, 13}, DType::float32);
  Tensor y(x.sizes());
  of_batch(batch).run(x, w, std::nullopt, y);
  Tensor alone({1, channels, 7, 7});
  for (const std::int64_t n : {std::int64_t{0}, batch / 2, batch - 1}) {
    of_batch(1).run(x.view().slice(0, n, n + 1), w, std::nullopt, alone);
    ASSERT_TRUE(testing::same_bits(y.view().slice(0, n, n + 1), alone)) << "image " << n;
  }
}

}  // namespace
}  // namespace conv2d

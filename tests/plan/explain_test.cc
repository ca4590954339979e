// What plans tell of cost: bytes, pieces and expected time.
#include <conv2d/machine.h>
#include <conv2d/plan.h>

#include "algorithm/algorithm.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <string>

namespace conv2d {
namespace {

using testing::Random;

/// 64 channels at 56x56, 3x3.
Plan resnet_plan(DType dtype = DType::float32, MemoryFormat format = MemoryFormat::contiguous) {
  return Plan::conv2d({1, 64, 56, 56}, {64, 64, 3, 3}, true, dtype, {.padding = 1}, format);
}

TEST(PlanBytes, AreThoseOfTheTensors) {
  const PlanBytes bytes = resnet_plan().bytes();
  EXPECT_EQ(bytes.input, 4 * 64 * 56 * 56);
  EXPECT_EQ(bytes.weight, 4 * 64 * 64 * 9);
  EXPECT_EQ(bytes.output, bytes.input);
  EXPECT_EQ(bytes.packed_weight, resnet_plan().pack(Tensor({64, 64, 3, 3})).bytes());
  EXPECT_EQ(bytes.workspace, resnet_plan().workspace_bytes());
  const Plan integers = Plan::conv2d({3, 8, 8}, {2, 3, 1, 1}, false, DType::int8, {});
  EXPECT_EQ(integers.bytes().input, 3 * 8 * 8);
  EXPECT_EQ(integers.bytes().output, 4 * 2 * 8 * 8);
  EXPECT_EQ(integers.bytes().packed_weight, 0U);
}

TEST(PlanBytes, GiveTheArithmeticIntensity) {
  const double moved = 2.0 * 4 * 64 * 56 * 56 + 4 * 64 * 64 * 9;
  EXPECT_DOUBLE_EQ(resnet_plan().arithmetic_intensity(), 2.0 * 64 * 56 * 56 * 64 * 9 / moved);
  const Plan nothing = Plan::conv2d({0, 0, 3, 3}, {1, 0, 1, 1}, false, DType::float32, {});
  EXPECT_EQ(nothing.arithmetic_intensity(), 0);
  EXPECT_EQ(nothing.expected_time({.flops = 1, .memory_bytes = 1, .cache_bytes = 1}).seconds(), 0);
}

TEST(ExpectedTime, IsTheSlowerOfArithmeticAndMemory) {
  const Plan plan = resnet_plan();
  const double operations = 2.0 * 64 * 56 * 56 * 64 * 9;
  const double moved = 2.0 * 4 * 64 * 56 * 56 + 4 * 64 * 64 * 9;
  const ExpectedTime slow_sums =
      plan.expected_time({.flops = 1e9, .memory_bytes = 1e12, .cache_bytes = 1e12});
  EXPECT_DOUBLE_EQ(slow_sums.arithmetic, operations / 1e9 / plan.pieces().efficiency);
  EXPECT_TRUE(slow_sums.bound_by_arithmetic());
  EXPECT_EQ(slow_sums.seconds(), slow_sums.arithmetic);
  const ExpectedTime slow_memory =
      plan.expected_time({.flops = 1e15, .memory_bytes = 1e9, .cache_bytes = 1e9});
  EXPECT_DOUBLE_EQ(slow_memory.memory, moved / 1e9);
  EXPECT_FALSE(slow_memory.bound_by_arithmetic());
  EXPECT_EQ(slow_memory.seconds(), slow_memory.memory);
}

TEST(ExpectedTime, ComesFromTheCacheWhereAllFitsIntoHalfOfIt) {
  const Rates rates{.flops = 1e12, .memory_bytes = 1e9, .cache_bytes = 1e10};
  const auto planes = static_cast<std::int64_t>(machine().l3_bytes) / (4 * 64 * 64);
  const auto time = [&](std::int64_t channels) {
    return Plan::conv2d({1, channels, 64, 64}, {channels, 1, 1, 1}, false, DType::float32,
                        {.groups = channels})
        .expected_time(rates);
  };
  EXPECT_TRUE(time(planes / 5).in_cache);
  EXPECT_FALSE(time(planes / 3).in_cache);
  EXPECT_GT(time(planes / 3).memory, 10 * time(planes / 5).memory);
}

TEST(ExpectedTime, OfFloat64IsTwiceThatOfFloat32PerShareOfThePeak) {
  const Rates rates{.flops = 1e9, .memory_bytes = 1e12, .cache_bytes = 1e12};
  const Plan single = resnet_plan();
  const Plan wide = resnet_plan(DType::float64);
  EXPECT_DOUBLE_EQ(wide.expected_time(rates).arithmetic * wide.pieces().efficiency,
                   2 * single.expected_time(rates).arithmetic * single.pieces().efficiency);
}

TEST(Pieces, OfEveryAlgorithmAreWordsAndAShareOfThePeak) {
  Random random;
  for (const auto instructions : simd::instruction_sets()) {
    const testing::Instructions scope(instructions);
    for (int i = 0; i < 100; ++i) {
      testing::Configuration c = testing::random_configuration(random);
      c.weight = {c.weight[0] * (random.coin() ? 8 : 1), c.weight[1], c.weight[2], c.weight[3]};
      Problem problem = conv2d_problem(c.input, c.weight, false, {}, c.arguments).value();
      problem.format = random.coin() ? MemoryFormat::channels_last : MemoryFormat::contiguous;
      for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weight}) {
        problem.pass = pass;
        for (const Algorithm* algorithm : algorithms()) {
          if (algorithm->describe == nullptr || algorithm->refuses(problem)) {
            continue;
          }
          const Pieces pieces = algorithm->describe(problem);
          EXPECT_FALSE(pieces.tile.empty()) << algorithm->name << c;
          EXPECT_FALSE(pieces.blocking.empty()) << algorithm->name << c;
          EXPECT_GT(pieces.efficiency, 0) << algorithm->name << c;
          // No algorithm for small kernels needs fewer than a sixth of the multiplications.
          EXPECT_LT(pieces.efficiency, 6) << algorithm->name << c;
        }
      }
    }
  }
}

TEST(Pieces, OfATiledLayerNameItsTile) {
  const testing::Threads one(1);
  for (const auto instructions : simd::instruction_sets()) {
    const testing::Instructions scope(instructions);
    const auto lanes = std::to_string(machine().vector_bytes / 4);
    const Pieces pieces = resnet_plan(DType::float32, MemoryFormat::channels_last).pieces();
    EXPECT_NE(pieces.tile.find(" of " + lanes + " output channels"), std::string::npos);
    EXPECT_GT(pieces.efficiency, 0.7);
  }
}

TEST(Pieces, OfADepthwiseLayerCountItsPixelsAndLoads) {
  const auto plan = [](std::int64_t kernel, MemoryFormat format) {
    return Plan::conv2d({1, 64, 14, 14}, {64, 1, kernel, kernel}, false, DType::float32,
                        {.padding = kernel / 2, .groups = 64}, format);
  };
  for (const auto instructions : simd::instruction_sets()) {
    const testing::Instructions scope(instructions);
    for (const std::int64_t kernel : {1, 3, 5, 7, 8, 9, 11}) {
      const Plan last = plan(kernel, MemoryFormat::channels_last);
      ASSERT_EQ(last.algorithm(), "depthwise_channels");
      EXPECT_NE(last.pieces().tile.find("pixels x 1 vector of "), std::string::npos);
      EXPECT_NE(last.pieces().blocking.find("where they lie"), std::string::npos);
      EXPECT_GT(last.pieces().efficiency, 0.45) << kernel;
    }
    const Plan turned = plan(7, MemoryFormat::contiguous);
    ASSERT_EQ(turned.algorithm(), "depthwise_channels");
    EXPECT_NE(turned.pieces().blocking.find("turned within L2"), std::string::npos);
    EXPECT_GT(turned.workspace_bytes(), 64U * 14 * 14);
  }
}

/// Where vectors have masks; else they are copied with their border, or turned.
TEST(Pieces, OfSmallPlanesAreWholePlanes) {
  const auto plan = [](Pair map, std::int64_t kernel, std::int64_t stride) {
    return Plan::conv2d({1, 64, map.h, map.w}, {64, 1, kernel, kernel}, false, DType::float32,
                        {.stride = stride, .padding = kernel / 2, .groups = 64},
                        MemoryFormat::contiguous);
  };
  for (const auto instructions : simd::instruction_sets()) {
    const testing::Instructions scope(instructions);
    const bool masks = machine().vector_bytes == 64;
    for (const Pair map : {Pair(14, 14), Pair(28, 28), Pair(9, 50)}) {
      const Plan whole = plan(map, 5, 1);
      EXPECT_EQ(whole.pieces().blocking.find("whole planes") != std::string::npos, masks);
      EXPECT_TRUE(!masks || whole.algorithm() == "depthwise_rows");
    }
    const Plan strided = plan({28, 28}, 3, 2);
    const std::string tile = "2 output rows x 1 vector of 16 pixels";
    EXPECT_EQ(strided.pieces().tile == tile, masks) << strided.pieces().tile;
    const Plan pairs = plan({14, 14}, 5, 2);
    EXPECT_EQ(pairs.pieces().tile == "3 output rows x 1 vector of 16 pixels of two planes", masks)
        << pairs.pieces().tile;
    EXPECT_EQ(plan({7, 7}, 5, 1).algorithm(), "depthwise_channels");
    for (const Pair map : {Pair(32, 32), Pair(56, 56)}) {
      EXPECT_EQ(plan(map, 5, 1).pieces().blocking.find("whole planes"), std::string::npos);
    }
  }
}

TEST(Rates, AreEstimatedOrMeasured) {
  for (const auto instructions : simd::instruction_sets()) {
    const testing::Instructions scope(instructions);
    const Rates one = estimate_rates(1);
    EXPECT_FALSE(one.measured);
    EXPECT_GT(one.flops, 1e9);
    EXPECT_GE(one.cache_bytes, one.memory_bytes);
    EXPECT_DOUBLE_EQ(estimate_rates(4).flops, 4 * one.flops);
  }
  const Rates measured = measure_rates(1, 0.001);
  EXPECT_TRUE(measured.measured);
  EXPECT_GT(measured.flops, 0);
  EXPECT_GT(measured.memory_bytes, 0);
  EXPECT_GT(measured.cache_bytes, 0);
}

TEST(PlanText, SaysWhatBoundsTheTimeAndWhereTheRatesAreFrom) {
  const Plan plan = resnet_plan();
  const std::string arithmetic =
      plan.explain({.flops = 1e9, .memory_bytes = 1e12, .cache_bytes = 1e12, .measured = true});
  EXPECT_NE(arithmetic.find(", bound by arithmetic (measured rates)\n"), std::string::npos);
  EXPECT_NE(arithmetic.find("% of 1 GFLOP/s\n"), std::string::npos);
  const std::string memory = plan.explain({.flops = 1e15, .memory_bytes = 2e9, .cache_bytes = 1e9});
  EXPECT_NE(memory.find(", bound by memory (estimated rates)\n"), std::string::npos);
  EXPECT_NE(memory.find(" for 1.67 MiB at 1 GB/s, from the last cache\n"), std::string::npos);
  const Plan large =
      Plan::conv2d({1, 1, 1 << 16, 1 << 16}, {1, 1, 1, 1}, false, DType::float32, {});
  EXPECT_NE(large.explain({.flops = 1e15, .memory_bytes = 2e9, .cache_bytes = 1e9})
                .find(" for 32 GiB at 2 GB/s\n"),
            std::string::npos);
}

}  // namespace
}  // namespace conv2d

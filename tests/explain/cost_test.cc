// Costs and receptive fields: the numbers that courses teach.
#include "explain/layers.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <vector>

namespace conv2d::explain {
namespace {

using conv2d::testing::refused;

Cost cost_of(const Conv2dOptions& options, const Sizes& input) {
  return Explanation(options, input).cost();
}

TEST(ExplainCost, TheArticlesLayerHas456Parameters) {
  const Cost cost = cost_of({.in_channels = 3, .out_channels = 6, .kernel_size = 5}, {3, 32, 32});
  EXPECT_EQ(cost.parameters(), 456);
  EXPECT_EQ(cost.multiply_adds, 352800);
  EXPECT_EQ(cost.multiply_adds_done, 352800);
  EXPECT_EQ(cost.input_bytes, 4 * 3 * 32 * 32);
  EXPECT_EQ(cost.weight_bytes, 4 * 456);
  EXPECT_EQ(cost.output_bytes, 4 * 6 * 28 * 28);
  EXPECT_DOUBLE_EQ(cost.arithmetic_intensity, 2 * 352800.0 / (12288 + 1824 + 18816));
}

TEST(ExplainCost, Cs231nsDemoHas56ParametersAnd486MultiplyAdds) {
  const Cost cost =
      cost_of({.in_channels = 3, .out_channels = 2, .kernel_size = 3, .stride = 2, .padding = 1},
              {3, 5, 5});
  EXPECT_EQ(cost.parameters(), 56);
  EXPECT_EQ(cost.multiply_adds, 486);
  // Of the 3x3 windows, rows 0 and 2 lose one tap row each: 7 of 9 row pairs count, and 7 of 9
  // column pairs.
  EXPECT_EQ(cost.multiply_adds_done, 7 * 7 * 3 * 2);
}

TEST(ExplainCost, AlexNetSharesItsParameters) {
  const Cost cost = cost_of({.in_channels = 3, .out_channels = 96, .kernel_size = 11, .stride = 4},
                            {3, 227, 227});
  EXPECT_EQ(cost.parameters(), 34944);
  EXPECT_EQ(cost.unshared_parameters, 105705600);
  EXPECT_EQ(cost.multiply_adds, 105415200);
  EXPECT_EQ(cost.im2col_bytes, 4 * 363 * 3025);
  EXPECT_EQ(static_cast<int>(cost.im2col_ratio * 100), 710);
}

TEST(ExplainCost, AFullyConnectedLayerIsAConvolution) {
  const Cost cost =
      cost_of({.in_channels = 512, .out_channels = 4096, .kernel_size = 7}, {512, 7, 7});
  EXPECT_EQ(cost.weights, 102760448);
  EXPECT_EQ(cost.multiply_adds, 102760448);
}

TEST(ExplainCost, CountsTheWholeBatchButParametersOnce) {
  const Conv2dOptions options{
      .in_channels = 4, .out_channels = 4, .kernel_size = 3, .groups = 4, .bias = false};
  const Cost one = cost_of(options, {1, 4, 8, 8});
  const Cost five = cost_of(options, {5, 4, 8, 8});
  EXPECT_EQ(one.parameters(), 36);
  EXPECT_EQ(five.parameters(), 36);
  EXPECT_EQ(five.unshared_parameters, one.unshared_parameters);
  EXPECT_EQ(five.multiply_adds, 5 * one.multiply_adds);
  EXPECT_EQ(five.multiply_adds_done, 5 * one.multiply_adds_done);
  EXPECT_EQ(five.im2col_bytes, 5 * one.im2col_bytes);
  const Cost none = cost_of(options, {0, 4, 8, 8});
  EXPECT_EQ(none.multiply_adds_done, 0);
  EXPECT_EQ(none.im2col_ratio, 0);
}

TEST(ExplainCost, ElementsHaveTheirDtypesBytes) {
  const Cost bytes = cost_of(
      {.in_channels = 1, .out_channels = 1, .kernel_size = 1, .dtype = DType::int8}, {1, 2, 2});
  EXPECT_EQ(bytes.input_bytes, 4);
  EXPECT_EQ(bytes.weight_bytes, 1 + 4);  // the bias of integers is int32
  EXPECT_EQ(bytes.output_bytes, 16);
}

TEST(ExplainCost, ATransposedLayersMultiplyAddsAreInputsTimesTheirWeights) {
  const Cost cost = Explanation(
                        ConvTranspose2dOptions{
                            .in_channels = 2, .out_channels = 3, .kernel_size = 3, .padding = 1},
                        {2, 4, 4})
                        .cost();
  EXPECT_EQ(cost.multiply_adds, 2 * 4 * 4 * 3 * 9);
  EXPECT_EQ(cost.multiply_adds_done, 2 * 3 * 10 * 10);  // 10 of 12 (row, tap) pairs stay inside
}

TEST(ExplainCost, BeyondCountingIsRefused) {
  const Conv2dOptions options{
      .in_channels = 1, .out_channels = std::int64_t{1} << 30, .kernel_size = 1 << 10};
  const Explanation explanation(options, {0, 1, 1 << 22, 1 << 22});
  EXPECT_TRUE(refused([&] { explanation.cost(); }, "unshared parameters are 2^63 or more"));
}

TEST(ExplainReceptiveField, ThreeByThreeLayersSee5Then7) {
  const Conv2dOptions layer{.in_channels = 8, .out_channels = 8, .kernel_size = 3};
  const auto fields = receptive_fields(std::vector(3, layer));
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].size, Pair(3));
  EXPECT_EQ(fields[1].size, Pair(5));
  EXPECT_EQ(fields[2].size, Pair(7));
  EXPECT_EQ(fields[2].stride, Pair(1));
}

TEST(ExplainReceptiveField, StridesAndDilationsMultiply) {
  const std::vector<Conv2dOptions> chain = {
      {.in_channels = 1, .out_channels = 1, .kernel_size = Pair(3, 5), .stride = Pair(2, 1)},
      {.in_channels = 1, .out_channels = 1, .kernel_size = 3, .stride = 3, .dilation = Pair(2, 1)}};
  const auto fields = receptive_fields(chain);
  EXPECT_EQ(fields[1].size, Pair(3 + 4 * 2, 5 + 2));
  EXPECT_EQ(fields[1].stride, Pair(6, 3));
  EXPECT_TRUE(receptive_fields({}).empty());
}

TEST(ExplainReceptiveField, BeyondCountingIsRefused) {
  const Conv2dOptions layer{
      .in_channels = 1, .out_channels = 1, .kernel_size = 1, .stride = std::int64_t{1} << 40};
  EXPECT_TRUE(refused([&] { receptive_fields(std::vector(2, layer)); }, "chain is too long"));
  const Conv2dOptions wrong{.in_channels = 1, .out_channels = 1, .kernel_size = 0};
  EXPECT_TRUE(refused([&] { receptive_fields(std::vector(1, wrong)); }, "kernel size"));
}

}  // namespace
}  // namespace conv2d::explain

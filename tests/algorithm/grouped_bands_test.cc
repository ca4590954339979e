// Groups of few channels, channels-last, of tensors that L2 does not hold: a few rows at a time,
// and for several channels a group the next ones are asked for meanwhile.
#include "algorithm/grouped_channels_cut.h"

#include "simd/caches.h"
#include "simd/dispatch.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace conv2d {

namespace {

using grouped_channels::Cut;
using testing::Instructions;
using testing::Random;
using testing::same_bits;
using testing::Threads;

struct TallLayer {
  std::int64_t channels;
  std::int64_t channels_per_group;
  std::int64_t kernel;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  PaddingMode padding_mode = PaddingMode::zeros;
  std::int64_t width = 13;

  /// So many rows that the input alone is half as large again as L2.
  Sizes input() const {
    const auto l2 = static_cast<std::int64_t>(simd::caches().l2);
    const std::int64_t row_bytes = channels * width * static_cast<std::int64_t>(sizeof(float));
    return {1, channels, 3 * l2 / 2 / row_bytes + 3, width};
  }
  Sizes weight() const { return {channels, channels_per_group, kernel, kernel}; }
  functional::Conv2dArguments arguments() const {
    return {.stride = stride,
            .padding = kernel / 2 * dilation,
            .dilation = dilation,
            .groups = channels / channels_per_group,
            .padding_mode = padding_mode};
  }
  Problem problem(std::int64_t rows) const {
    const Sizes sizes{1, channels, rows, width};
    Problem problem = conv2d_problem(sizes, weight(), true, {}, arguments()).value();
    problem.format = MemoryFormat::channels_last;
    return problem;
  }
  Cut<float> cut(std::int64_t rows) const {
    return {problem(rows), {.channels_last = true, .meets = false}};
  }
};

TEST(GroupedBands, AreWholeStripsWhereL2HoldsThem) {
  const Threads scope(1);
  const Cut<float> cut = TallLayer{16, 1, 3}.cut(20);
  EXPECT_EQ(cut.band, 20);
  EXPECT_FALSE(cut.looks_ahead);
}

TEST(GroupedBands, AreFewRowsWhereItDoesNot) {
  const Threads scope(1);
  for (const std::int64_t of_group : {1, 8}) {
    for (const std::int64_t channels : {16, 64, 192}) {
      const TallLayer layer{channels, of_group, 3};
      const Cut<float> cut = layer.cut(layer.input()[2]);
      EXPECT_LE(cut.band, 8) << channels;
      EXPECT_GE(cut.band, 3) << channels;
      EXPECT_EQ(cut.looks_ahead, of_group > 1);
    }
  }
}

/// Fewer where pixels are long: a tile reads a row of them from several pages.
TEST(GroupedBands, AreFewerRowsOfLongPixels) {
  const Threads scope(1);
  const TallLayer narrow{16, 1, 3};
  const TallLayer wide{400, 1, 3};
  EXPECT_LT(wide.cut(wide.input()[2]).band, narrow.cut(narrow.input()[2]).band);
}

/// On every instruction set that rounds as the reference does.
void expect_reference(const TallLayer& layer, TensorView x, Random& random) {
  const Plan plan = Plan::conv2d(layer.input(), layer.weight(), true, DType::float32,
                                 layer.arguments(), MemoryFormat::channels_last)
                        .with_algorithm("grouped_channels");
  const Tensor w = random.values(layer.weight(), DType::float32);
  const Tensor bias = random.values({layer.channels}, DType::float32);
  Tensor expected(plan.output_sizes(), DType::float32, MemoryFormat::channels_last);
  plan.with_algorithm("reference").run(x, w, bias.view(), expected);
  for (const auto name : simd::instruction_sets()) {
    if (!testing::has_fused_multiply_add(name)) {
      continue;
    }
    const Instructions instructions(name);
    Tensor y = testing::guarded(
        Tensor(plan.output_sizes(), DType::float32, MemoryFormat::channels_last), true);
    plan.run(x, w, bias.view(), y);
    EXPECT_TRUE(same_bits(y, expected))
        << layer.channels << " channels, " << layer.channels_per_group << " in a group, kernel "
        << layer.kernel << ", stride " << layer.stride << ", " << name;
  }
}

const std::vector<TallLayer> tall_layers = {
    {32, 1, 3},       {32, 4, 3}, {36, 4, 3},     {32, 8, 3, 2},
    {32, 4, 3, 1, 2}, {32, 2, 5}, {256, 8, 3, 2}, {32, 8, 3, 2, 1, PaddingMode::reflect}};

TEST(GroupedBands, AreTheReferenceAndReadNothingElse) {
  Random random;
  const Threads scope(1);
  for (const TallLayer& layer : tall_layers) {
    const Tensor x = testing::guarded(
        random.values(layer.input(), DType::float32, MemoryFormat::channels_last), true);
    expect_reference(layer, x, random);
  }
}

/// As those of a part of a larger tensor.
TEST(GroupedBands, OfRowsWithGapsAreTheReference) {
  Random random;
  const Threads scope(1);
  const TallLayer layer{32, 4, 3};
  const Tensor larger = random.values({1, layer.channels, layer.input()[2], layer.width + 5},
                                      DType::float32, MemoryFormat::channels_last);
  const TensorView whole = larger;
  expect_reference(layer, {whole.data(), DType::float32, layer.input(), whole.strides()}, random);
}

}  // namespace
}  // namespace conv2d

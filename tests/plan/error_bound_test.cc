// Plan::error_bound(), the one number that is said of a layer's rounding in default precision, held
// against the rounding of whole layers that run by Winograd's algorithm. What its derivation says
// of each tile is in algorithm/winograd_test.cc.
#include <conv2d/plan.h>

#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace conv2d {
namespace {

using functional::Conv2dArguments;
using testing::Configuration;
using testing::Instructions;
using testing::Random;

/// 3x3 kernels without a bias that a plan gives to Winograd's algorithm.
struct RoundedLayer {
  Configuration c;
  Tensor x, w, truth;

  RoundedLayer(Random& random, const Sizes& input, std::int64_t filters,
               const Conv2dArguments& arguments)
      : c{.input = input,
          .weight = {filters, input[1] / arguments.groups, 3, 3},
          .output = {},
          .arguments = arguments},
        x(up_to_one(random, c.input)),
        w(up_to_one(random, c.weight)) {
    c.output = plan(MemoryFormat::contiguous, Precision::standard).output_sizes();
    truth = testing::reference_forward(c, x, w, std::nullopt, DType::float64);
  }

  Plan plan(MemoryFormat format, Precision precision) const {
    Conv2dArguments arguments = c.arguments;
    arguments.precision = precision;
    return Plan::conv2d(c.input, c.weight, false, DType::float32, arguments, format);
  }

  /// |y - y'| / n of the output that is furthest from the truth.
  double error(const Plan& plan) const {
    Tensor y(c.output, DType::float32, plan.format());
    plan.run(x.clone(plan.format()), w, std::nullopt, y);
    const Tensor got = y.clone(MemoryFormat::contiguous);
    double largest = 0;
    for (std::int64_t i = 0; i < got.numel(); ++i) {
      largest = std::max(largest, std::abs(got.data<float>()[i] - truth.data<double>()[i]));
    }
    return largest / static_cast<double>(c.weight[1] * 9);
  }

 private:
  static Tensor up_to_one(Random& random, const Sizes& sizes) {
    Tensor tensor(sizes);
    constexpr std::int64_t steps = 1 << 23;
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      tensor.data<float>()[i] = static_cast<float>(random.between(-steps, steps)) / steps;
    }
    return tensor;
  }
};

/// The bound lets all C + n roundings (n: docs/winograd.md) conspire. Those of random numbers walk
/// at random, on sums that do: their errors over the number of products stay where they are as C
/// grows, and the bound over C + n and the error is a number of the matrices alone, at most `most`.
void expect_bound(const RoundedLayer& layer, const Plan& plan, int roundings, double most) {
  const double bound = plan.error_bound().value();
  const double error = layer.error(plan);
  EXPECT_LE(error, bound) << layer.c;
  EXPECT_LE(bound, most * static_cast<double>(layer.c.weight[1] + roundings) * error) << layer.c;
}

/// For each layer, format and set of instructions.
void for_each_plan(const auto& layers, const auto& expect) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (const RoundedLayer& layer : layers) {
      for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
        expect(layer, layer.plan(format, Precision::standard),
               layer.plan(format, Precision::exact).error_bound().value());
      }
    }
  }
}

TEST(ErrorBound, IsNeitherTooSmallNorTooLargeForWhatWinogradRounds) {
  Random random;
  const RoundedLayer layers[] = {
      {random, {2, 18, 13, 11}, 21, {}},
      {random, {1, 64, 14, 14}, 64, {.padding = 1}},
      {random, {1, 96, 9, 10}, 40, {.padding = 1, .padding_mode = PaddingMode::reflect}},
      {random, {2, 72, 11, 15}, 51, {.padding = Padding(0, 2, 1, 0), .groups = 3}},
      {random, {1, 256, 7, 8}, 16, {.padding = 1}},
  };
  for_each_plan(layers, [](const RoundedLayer& layer, const Plan& plan, double exact) {
    ASSERT_EQ(plan.algorithm(), "winograd") << layer.c;
    // It came out between 35 and 90; twice that is more than chance.
    expect_bound(layer, plan, 13, 180);
    EXPECT_GT(plan.error_bound().value(), exact) << layer.c;
  });
}

TEST(ErrorBound, OfSmallTilesIsLessThanTheDefinitions) {
  Random random;
  const RoundedLayer layers[] = {
      {random, {1, 256, 7, 7}, 96, {.padding = 1}},
      {random, {2, 128, 8, 6}, 130, {.padding = 1, .padding_mode = PaddingMode::circular}},
      {random, {1, 128, 10, 8}, 192, {.groups = 2}},
  };
  for_each_plan(layers, [](const RoundedLayer& layer, const Plan& plan, double exact) {
    ASSERT_EQ(plan.algorithm(), "winograd_2x2") << layer.c;
    // It came out between 25 and 32.
    expect_bound(layer, plan, 9, 64);
    EXPECT_LT(plan.error_bound().value(), exact) << layer.c;
  });
}

}  // namespace
}  // namespace conv2d

// The judge of results: the definition in float64, for a sample of the outputs.
#include "bench/judge.h"

#include <conv2d/functional.h>
#include <conv2d/plan.h>
#include <conv2d/random.h>

#include "support/configurations.h"
#include "support/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace conv2d::cli {
namespace {

using testing::Random;

TEST(JudgedOutputs, AreAllOfFewAndASpreadOfMany) {
  EXPECT_EQ(judged_outputs(3), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_TRUE(judged_outputs(0).empty());
  for (const std::int64_t count : {1025, 64 * 56 * 56, 1920 * 1080}) {
    const std::vector<std::int64_t> outputs = judged_outputs(count);
    EXPECT_EQ(outputs.size(), 1024U);
    EXPECT_EQ(outputs[0], 0);
    EXPECT_EQ(outputs[1], count - 1);
    std::set<std::int64_t> hundredths;
    for (const std::int64_t output : outputs) {
      ASSERT_GE(output, 0);
      ASSERT_LT(output, count);
      hundredths.insert(100 * output / count);
    }
    EXPECT_EQ(hundredths.size(), 100U);
  }
}

TEST(LargestError, OfWholeNumbersIsNone) {
  Random random;
  for (int i = 0; i < 30; ++i) {
    testing::Configuration c = testing::random_configuration(random);
    c.arguments.padding_mode = PaddingMode::zeros;
    const Tensor x = random.integers(c.input, DType::float32);
    const Tensor w = random.integers(c.weight, DType::float32);
    if (x.rank() == 4 && c.arguments.padding.rule() == Padding::Rule::sides) {
      const Tensor y = functional::conv2d(x, w, std::nullopt, c.arguments);
      EXPECT_EQ(largest_error(x, w, c.arguments, y), 0) << c;
    }
  }
}

TEST(LargestError, OfATransposedLayersWholeNumbersIsNone) {
  Random random;
  for (int i = 0; i < 30; ++i) {
    const std::int64_t groups = random.between(1, 3);
    const Pair stride(random.between(1, 4), random.between(1, 4));
    const functional::ConvTranspose2dArguments arguments{
        .stride = stride,
        .padding = Padding(random.between(0, 1), random.between(0, 1), random.between(0, 1), 0),
        .output_padding = Pair(random.between(0, stride.h - 1), random.between(0, stride.w - 1)),
        .groups = groups,
        .dilation = Pair(random.between(1, 3), random.between(1, 3))};
    const Sizes input{2, 2 * groups, random.between(3, 6), random.between(3, 6)};
    const Sizes weight{2 * groups, random.between(1, 3), random.between(1, 4),
                       random.between(1, 4)};
    const Tensor x = random.integers(input, DType::float32);
    const Tensor w = random.integers(weight, DType::float32);
    Tensor y = functional::conv_transpose2d(x, w, std::nullopt, arguments);
    EXPECT_EQ(largest_transposed_error(x, w, arguments, y), 0)
        << to_string(input) << to_string(weight);
    const auto products = static_cast<float>(2 * weight[2] * weight[3]);
    y.data<float>()[y.numel() - 1] += products;
    EXPECT_EQ(largest_transposed_error(x, w, arguments, y), 1)
        << to_string(input) << to_string(weight);
  }
}

TEST(LargestError, StaysBelowTheBoundOfASum) {
  Random random;
  Generator generator(static_cast<std::uint64_t>(random.between(0, INT32_MAX)));
  Tensor x({2, 12, 9, 10}, DType::float32, MemoryFormat::channels_last);
  Tensor w({8, 6, 3, 3});
  generator.fill_uniform(x, -1, 1);
  generator.fill_uniform(w, -1, 1);
  const functional::Conv2dArguments arguments{
      .padding = {2, 0, 1, 3}, .groups = 2, .precision = Precision::exact};
  const Tensor y = functional::conv2d(x, w, std::nullopt, arguments);
  const double error = largest_error(x, w, arguments, y);
  EXPECT_GT(error, 0);
  const Plan plan = Plan::conv2d(x.sizes(), w.sizes(), false, DType::float32, arguments);
  EXPECT_LT(error, plan.error_bound().value());
}

TEST(LargestError, SeesASingleWrongOutput) {
  const Tensor x = Tensor::full({1, 1, 4, 4}, 1);
  const Tensor w = Tensor::full({1, 1, 1, 1}, 2);
  Tensor y = functional::conv2d(x, w);
  y.at<float>({0, 0, 2, 3}) = 3;
  EXPECT_EQ(largest_error(x, w, {}, y), 1);
  y.at<float>({0, 0, 2, 3}) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(largest_error(x, w, {}, y), std::numeric_limits<double>::infinity());
}

TEST(LargestError, OfAWindowOfPaddingAloneIsNoneWhereTheOutputIsZero) {
  const Tensor x = Tensor::full({1, 1, 1, 1}, 1);
  const Tensor w = Tensor::full({1, 1, 1, 1}, 2);
  const functional::Conv2dArguments arguments{.padding = 1};
  Tensor y = functional::conv2d(x, w, std::nullopt, arguments);
  EXPECT_EQ(largest_error(x, w, arguments, y), 0);
  y.at<float>({0, 0, 0, 0}) = 4;
  EXPECT_EQ(largest_error(x, w, arguments, y), 4);
}

}  // namespace
}  // namespace conv2d::cli

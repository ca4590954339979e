// A residual and limits on the results of a convolution: every dtype, both layers, what is refused.
#include <conv2d/functional.h>
#include <conv2d/nn.h>
#include <conv2d/plan.h>

#include "support/random.h"
#include "support/separately.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>

namespace conv2d {
namespace {

using functional::Epilogue;
using testing::holds;
using testing::Random;
using testing::refused;
using testing::same_bits;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class Epilogues : public ::testing::Test {
 protected:
  /// A result with half of it below 0, and what is to be done to it.
  void expect_as_separately(DType dtype, MemoryFormat format) {
    const Tensor x = random_.values({2, 3, 9, 7}, dtype).clone(format);
    const Tensor w = random_.values({4, 3, 3, 3}, dtype);
    const Tensor residual = random_.values({2, 4, 7, 5}, dtype);
    const Epilogue both{.residual = residual, .low = 0, .high = 6};
    const Tensor plain = functional::conv2d(x, w, {}, functional::Conv2dArguments{});
    const Tensor y = functional::conv2d(x, w, {}, {}, both);
    EXPECT_TRUE(same_bits(y, testing::finished_separately(plain, both))) << name(dtype);
    const Epilogue relu{.low = 0};
    EXPECT_TRUE(same_bits(functional::conv2d(x, w, {}, {}, relu),
                          testing::finished_separately(plain, relu)));
  }
  Random random_;
};

TEST_F(Epilogues, AreTheStepsOneAfterTheOther) {
  for (const DType dtype : {DType::float32, DType::float64, DType::bfloat16, DType::float16}) {
    for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
      expect_as_separately(dtype, format);
    }
  }
}

TEST_F(Epilogues, BothLayersTakeThem) {
  const Tensor x = random_.values({3, 8, 8}, DType::float32);
  const Epilogue relu6{.low = 0, .high = 6};
  const Conv2d conv(3, 8, 3);
  EXPECT_TRUE(same_bits(conv(x, relu6), testing::finished_separately(conv(x), relu6)));
  const ConvTranspose2d up(3, 2, 3, 2);
  EXPECT_TRUE(same_bits(up(x, relu6), testing::finished_separately(up(x), relu6)));
  EXPECT_TRUE(same_bits(up(x, 18, relu6), testing::finished_separately(up(x, 18), relu6)));
}

TEST_F(Epilogues, PlansRunThemWithPackedAndPlainWeights) {
  const Conv2d conv(8, 16, 3);
  const Tensor x = random_.values({8, 8, 8}, DType::float32);
  const Plan plan = conv.plan(x.sizes());
  const Tensor residual = random_.values(plan.output_sizes(), DType::float32);
  const Epilogue epilogue{.residual = residual, .low = 0};
  const Tensor wanted = testing::finished_separately(conv(x), epilogue);
  Tensor y(plan.output_sizes());
  plan.run(x, conv.weight(), conv.bias()->view(), y, epilogue);
  EXPECT_TRUE(same_bits(y, wanted));
  Tensor again(plan.output_sizes());
  plan.run(x, plan.pack(conv.weight()), conv.bias()->view(), again, epilogue);
  EXPECT_TRUE(same_bits(again, wanted));
  EXPECT_TRUE(refused([&] { plan.run(x, conv.weight(), conv.bias()->view(), y, {.residual = y}); },
                      "or the residual"));
}

Tensor times(const Tensor& x, double factor, const Epilogue& epilogue) {
  return functional::conv2d(x, Tensor::full({1, 1, 1, 1}, factor, x.dtype()), {}, {}, epilogue);
}

TEST_F(Epilogues, IntegersWrapAndAreLimited) {
  const Tensor x = Tensor::full({1, 1, 2}, 100, DType::int8);
  Tensor residual = Tensor::full({1, 1, 2}, 5, DType::int32);
  residual.at<std::int32_t>({0, 0, 1}) = std::numeric_limits<std::int32_t>::max();
  EXPECT_TRUE(holds(times(x, 1, {.residual = residual}), {105, -2147483549.0}));
  EXPECT_TRUE(holds(times(x, 1, {.residual = residual, .low = -7, .high = 102}), {102, -7}));
}

TEST_F(Epilogues, NanStaysAndMinusZeroToo) {
  Tensor x({1, 1, 2});
  x.at<float>({0, 0, 0}) = std::numeric_limits<float>::quiet_NaN();
  x.at<float>({0, 0, 1}) = -1;
  const Tensor y = times(x, 1, {.low = -0.0, .high = 6});
  EXPECT_TRUE(std::isnan(y.at<float>({0, 0, 0})));
  EXPECT_TRUE(std::signbit(y.at<float>({0, 0, 1})));
}

TEST_F(Epilogues, ComplexNumbersTakeAResidualButNoLimits) {
  const Tensor x = Tensor::full({1, 1, 1}, 3, DType::complex64);
  Tensor residual({1, 1, 1}, DType::complex64);
  residual.at<complex64>({0, 0, 0}) = {1, 2};
  const Tensor y = times(x, 2, {.residual = residual});
  EXPECT_EQ(y.at<complex64>({0, 0, 0}), complex64(7, 2));
  EXPECT_TRUE(refused([&] { times(x, 1, {.low = 0}); }, "complex numbers have no order"));
}

TEST_F(Epilogues, WhatDoesNotFitIsRefused) {
  const Tensor x({1, 2, 2});
  const Tensor other({1, 2, 3});
  const Tensor doubles({1, 2, 2}, DType::float64);
  EXPECT_TRUE(refused([&] { times(x, 1, {.residual = other}); }, "[1, 2, 2], and dtype"));
  EXPECT_TRUE(refused([&] { times(x, 1, {.residual = doubles}); }, "of float64"));
  EXPECT_TRUE(refused([&] { times(x, 1, {.low = nan}); }, "but got nan"));
  EXPECT_TRUE(refused([&] { times(x, 1, {.high = nan}); }, "but got nan"));
  EXPECT_TRUE(refused([&] { times(x, 1, {.low = 2, .high = 1}); }, "above the upper limit"));
  const Tensor bytes({1, 2, 2}, DType::uint8);
  EXPECT_TRUE(refused([&] { times(bytes, 1, {.low = 0.5}); }, "whole number"));
  EXPECT_TRUE(refused([&] { times(bytes, 1, {.high = 3e9}); }, "whole number"));
}

}  // namespace
}  // namespace conv2d

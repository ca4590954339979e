// Numbers at the edges of their dtypes: overflow, infinity, NaN, signed zero, sums that wrap.
#include "support/reference.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::holds;
using testing::reference_forward;

constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// One row of three inputs and a kernel of three, with that much padding.
Configuration row(std::int64_t padding, PaddingMode mode = PaddingMode::zeros) {
  return {{1, 1, 1, 3},
          {1, 1, 1, 3},
          {1, 1, 1, 1 + 2 * padding},
          {.padding = Padding(0, padding), .padding_mode = mode}};
}

TEST(ReferenceNumbers, Int32SumsWrapModulo2To32) {
  constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
  const Configuration c = row(0);
  const Tensor x = Tensor::from<std::int32_t>(c.input, {largest, largest, largest});
  const Tensor w = Tensor::from<std::int32_t>(c.weight, {largest, 1, 2});
  // (2^31 - 1)^2 = 1, (2^31 - 1) and 2^32 - 2 = -2 modulo 2^32, and 10 of bias.
  const Tensor bias = Tensor::from<std::int32_t>({1}, {10});
  const Tensor y = reference_forward(c, x, w, bias, DType::int32);
  EXPECT_EQ(y.at<std::int32_t>({0, 0, 0, 0}), std::numeric_limits<std::int32_t>::min() + 8);
}

TEST(ReferenceNumbers, TheLongestSumOfBytesDoesNotSaturate) {
  const Configuration c{{1, 300, 10, 10}, {1, 300, 10, 10}, {1, 1, 1, 1}, {}};
  const Tensor y =
      reference_forward(c, Tensor::full(c.input, 255, DType::uint8),
                        Tensor::full(c.weight, -128, DType::int8), std::nullopt, DType::int32);
  EXPECT_EQ(y.at<std::int32_t>({0, 0, 0, 0}), -128 * 255 * 30000);
}

TEST(ReferenceNumbers, PaddedZerosDoNotMeetAnInfiniteWeight) {
  const Configuration c = row(2);
  const Tensor x = Tensor::from<float>(c.input, {1, 2, 3});
  const Tensor w = Tensor::from<float>(c.weight, {infinite, 1, 1});
  const Tensor y = reference_forward(c, x, w, std::nullopt, DType::float32);
  // The first two windows have their infinite tap in the padding: no 0 * infinity = NaN.
  EXPECT_TRUE(holds(y, {1, 3, infinite, infinite, infinite}));
}

TEST(ReferenceNumbers, BorderModesReadRealElements) {
  const Configuration c = row(1, PaddingMode::replicate);
  const Tensor x = Tensor::from<float>(c.input, {1, 2, 3});
  const Tensor w = Tensor::from<float>(c.weight, {infinite, 1, 1});
  EXPECT_TRUE(holds(reference_forward(c, x, w, std::nullopt, DType::float32),
                    {infinite, infinite, infinite}));
}

TEST(ReferenceNumbers, NanReachesOnlyTheWindowsThatSeeIt) {
  const Configuration c = row(2);
  const Tensor x = Tensor::from<float>(c.input, {1, 2, nan});
  const Tensor w = Tensor::full(c.weight, 1);
  const auto y =
      testing::values_of<float>(reference_forward(c, x, w, std::nullopt, DType::float32));
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[1], 3);
  EXPECT_TRUE(std::isnan(y[2]) && std::isnan(y[3]) && std::isnan(y[4]));
}

TEST(ReferenceNumbers, InfinityTimesZeroInsideTheInputIsNan) {
  const Configuration c = row(0);
  const Tensor y = reference_forward(c, Tensor::from<float>(c.input, {0, 1, 1}),
                                     Tensor::from<float>(c.weight, {infinite, 1, 1}), std::nullopt,
                                     DType::float32);
  EXPECT_TRUE(std::isnan(y.at<float>({0, 0, 0, 0})));
}

TEST(ReferenceNumbers, AnEmptySumIsPlusZero) {
  const Configuration c{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 3, 3}, {.padding = 1}};
  const Tensor y = reference_forward(c, Tensor::full(c.input, -0.0), Tensor::full(c.weight, 1),
                                     std::nullopt, DType::float32);
  for (const float value : testing::values_of<float>(y)) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(value), 0U);
  }
}

TEST(ReferenceNumbers, HalfPrecisionDoesNotOverflowOnTheWay) {
  // 300 * 300 = 90000 is more than float16 holds, but the sum comes back into range.
  const Configuration c = row(0);
  const Tensor x = Tensor::from<float>(c.input, {300, 300, 1}).to(DType::float16);
  const Tensor w = Tensor::from<float>(c.weight, {300, -300, 7}).to(DType::float16);
  EXPECT_TRUE(holds(reference_forward(c, x, w, std::nullopt, DType::float16), {7}));
}

TEST(ReferenceNumbers, ComplexProductsRepairNothing) {
  // By the schoolbook formula (inf + i*nan) * (1 + 0i) is nan + i*nan; C's operator would say inf.
  const Configuration c{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {}};
  const Tensor x = Tensor::from<complex64>(c.input, {complex64(infinite, nan)});
  const Tensor w = Tensor::from<complex64>(c.weight, {complex64(1, 0)});
  const complex64 y =
      reference_forward(c, x, w, std::nullopt, DType::complex64).at<complex64>({0, 0, 0, 0});
  EXPECT_TRUE(std::isnan(y.real()) && std::isnan(y.imag()));
}

}  // namespace
}  // namespace conv2d

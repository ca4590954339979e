// Elements from every dtype to every other.
#include "tensor/convert.h"
#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

using testing::holds;
using testing::refused;
using testing::same_bits;

constexpr double float64_infinity = std::numeric_limits<double>::infinity();
constexpr double float64_nan = std::numeric_limits<double>::quiet_NaN();

// Rounding through float first would land on the middle and then tie to even: the classic double
// rounding. All middles of both formats, and the doubles next to them.
template <class Half>
void expect_one_rounding(std::uint32_t infinity_bits) {
  for (std::uint32_t below = 0; below + 1 < infinity_bits; ++below) {
    Half low;
    Half high;
    low.bits = static_cast<std::uint16_t>(below);
    high.bits = static_cast<std::uint16_t>(below + 1);
    const double middle = (static_cast<double>(static_cast<float>(low)) +
                           static_cast<double>(static_cast<float>(high))) /
                          2;
    ASSERT_EQ(convert<Half>(std::nextafter(middle, float64_infinity)).bits, high.bits) << middle;
    ASSERT_EQ(convert<Half>(std::nextafter(middle, 0.0)).bits, low.bits) << middle;
    ASSERT_EQ(convert<Half>(-std::nextafter(middle, float64_infinity)).bits, high.bits | 0x8000U)
        << middle;
    ASSERT_EQ(convert<Half>(-std::nextafter(middle, 0.0)).bits, low.bits | 0x8000U) << middle;
    ASSERT_EQ(convert<Half>(middle).bits, below % 2 == 0 ? low.bits : high.bits) << middle;
  }
}

TEST(Convert, DoubleToBfloat16RoundsOnce) { expect_one_rounding<bfloat16>(0x7f80); }
TEST(Convert, DoubleToFloat16RoundsOnce) { expect_one_rounding<float16>(0x7c00); }

TEST(Convert, Int32ToBfloat16RoundsOnce) {
  // Between 2^30 and its neighbour 2^30 + 2^23; float keeps only multiples of 2^7 there.
  constexpr std::int32_t middle = (1 << 30) + (1 << 22);
  const auto value = [](std::int32_t from) { return static_cast<float>(convert<bfloat16>(from)); };
  EXPECT_EQ(value(middle), 0x1p30F);
  EXPECT_EQ(value(middle + 1), 0x1p30F + 0x1p23F);
  EXPECT_EQ(value(-middle - 1), -0x1p30F - 0x1p23F);
  EXPECT_EQ(value(middle - 1), 0x1p30F);
}

TEST(Convert, HugeDoublesBecomeInfinityAndTinyOnesSignedZero) {
  EXPECT_EQ(convert<float16>(1e300).bits, 0x7c00);
  EXPECT_EQ(convert<bfloat16>(-1e300).bits, 0xff80);
  EXPECT_EQ(convert<float16>(-1e-300).bits, 0x8000);
  EXPECT_EQ(convert<bfloat16>(1e-300).bits, 0);
  EXPECT_EQ(convert<bfloat16>(float64_infinity).bits, 0x7f80);
  EXPECT_TRUE(std::isnan(static_cast<float>(convert<float16>(float64_nan))));
}

TEST(Convert, FloatsTruncateAndSaturateTowardsIntegers) {
  const Tensor floats =
      Tensor::from<double>({12}, {-float64_infinity, -1e10, -128.9, -1.9, -0.9, -0.0, 0.9, 1.9,
                                  127.9, 255.9, 1e10, float64_infinity});
  EXPECT_TRUE(
      holds(floats.to(DType::int8), {-128, -128, -128, -1, 0, 0, 0, 1, 127, 127, 127, 127}));
  EXPECT_TRUE(holds(floats.to(DType::uint8), {0, 0, 0, 0, 0, 0, 0, 1, 127, 255, 255, 255}));
  constexpr double least = std::numeric_limits<std::int32_t>::min();
  constexpr double most = std::numeric_limits<std::int32_t>::max();
  EXPECT_TRUE(
      holds(floats.to(DType::int32), {least, least, -128, -1, 0, 0, 0, 1, 127, 255, most, most}));
  // 2^31 - 1 is not a float: the nearest is 2^31, which saturates.
  EXPECT_TRUE(holds(Tensor::from<float>({1}, {0x1p31F}).to(DType::int32), {most}));
}

TEST(Convert, NanBecomesZeroAmongIntegers) {
  for (const DType from : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    for (const DType to : {DType::int8, DType::uint8, DType::int32}) {
      EXPECT_TRUE(holds(Tensor::full({2}, float64_nan, from).to(to), {0, 0}));
    }
  }
}

TEST(Convert, IntegersSaturateTowardsNarrowerOnes) {
  const Tensor wide = Tensor::from<std::int32_t>({6}, {-100000, -129, -1, 127, 255, 100000});
  EXPECT_TRUE(holds(wide.to(DType::int8), {-128, -128, -1, 127, 127, 127}));
  EXPECT_TRUE(holds(wide.to(DType::uint8), {0, 0, 0, 127, 255, 255}));
  EXPECT_TRUE(holds(Tensor::from<std::int8_t>({1}, {std::int8_t{-1}}).to(DType::uint8), {0}));
}

TEST(Convert, AComplexNumberBecomesItsRealPart) {
  const Tensor complex = Tensor::from<complex128>({2}, {{1.5, 7}, {-300, float64_nan}});
  EXPECT_TRUE(holds(complex.to(DType::float32), {1.5, -300}));
  EXPECT_TRUE(holds(complex.to(DType::int8), {1, -128}));
}

TEST(Convert, ARealNumberBecomesAComplexOneWithoutImaginaryPart) {
  const Tensor complex = Tensor::from<float>({1}, {2.5F}).to(DType::complex128);
  EXPECT_EQ(complex.at<complex128>({0}), complex128(2.5, 0));
}

TEST(Convert, SmallWholeNumbersSurviveEveryPairOfDtypes) {
  testing::Random random;
  const Tensor numbers = random.integers({2, 3, 4}, DType::int32, 0, 100);
  for (int from = 0; from < dtype_count; ++from) {
    const Tensor there = numbers.to(static_cast<DType>(from));
    for (int to = 0; to < dtype_count; ++to) {
      EXPECT_TRUE(same_bits(there.to(static_cast<DType>(to)).to(DType::int32), numbers))
          << name(static_cast<DType>(from)) << " to " << name(static_cast<DType>(to));
    }
  }
}

TEST(Convert, CopyWritesThroughStridesAndLeavesTheRestAlone) {
  Tensor target = Tensor::full({2, 4}, 9);
  const Tensor source = Tensor::from<std::int8_t>({2, 2}, {1, 2, 3, 4});
  copy(source, target.mutable_view().slice(1, 0, 4, 2));
  EXPECT_TRUE(holds(target, {1, 9, 2, 9, 3, 9, 4, 9}));
}

TEST(Convert, CopyOfDifferentSizesIsRefused) {
  Tensor target({2, 2});
  const Tensor source({4});
  EXPECT_TRUE(refused([&] { copy(source, target); }, "the same sizes, but got [4] and [2, 2]"));
}

TEST(Convert, CopyOfAnEnormousTensorWithoutElementsReturnsAtOnce) {
  const Sizes sizes{std::int64_t{1} << 40U, 0, 3};
  Tensor target(sizes);
  copy(Tensor(sizes), target);
  EXPECT_EQ(target.numel(), 0);
}

}  // namespace
}  // namespace conv2d

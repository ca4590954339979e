// The two 16-bit floats, every bit pattern of them, and the names of dtypes.
#include <conv2d/dtype.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

using testing::refused;

constexpr std::uint32_t patterns = 65536;

/// What the bits of a 16-bit float with that many fraction bits mean, by the formula of IEEE 754:
/// fraction * 2^(1-bias-F) where the exponent is 0, else (2^F + fraction) * 2^(exponent-bias-F).
double meaning(std::uint32_t bits, int fraction_bits) {
  const int exponent_bits = 15 - fraction_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto fraction = static_cast<int>(bits & ((1U << static_cast<unsigned>(fraction_bits)) - 1));
  const auto exponent = static_cast<int>((bits & 0x7fffU) >> static_cast<unsigned>(fraction_bits));
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  const int significand = exponent == 0 ? fraction : fraction + (1 << fraction_bits);
  return sign * std::ldexp(significand, std::max(exponent, 1) - bias - fraction_bits);
}

template <class Half>
Half from_bits(std::uint32_t bits) {
  Half half;
  half.bits = static_cast<std::uint16_t>(bits);
  return half;
}

template <class Half>
class HalfFloat : public ::testing::Test {
 protected:
  static constexpr int fraction_bits = std::is_same_v<Half, bfloat16> ? 7 : 10;
  static constexpr std::uint32_t infinity = std::is_same_v<Half, bfloat16> ? 0x7f80 : 0x7c00;
};
using HalfFloats = ::testing::Types<bfloat16, float16>;
TYPED_TEST_SUITE(HalfFloat, HalfFloats);

TYPED_TEST(HalfFloat, EveryPatternMeansWhatIeeeSays) {
  for (std::uint32_t bits = 0; bits < patterns; ++bits) {
    const auto value = static_cast<float>(from_bits<TypeParam>(bits));
    const double expected = meaning(bits, this->fraction_bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(value), expected) << bits;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << bits;
    }
  }
}

TYPED_TEST(HalfFloat, EveryPatternComesBackFromFloat) {
  for (std::uint32_t bits = 0; bits < patterns; ++bits) {
    const TypeParam back(static_cast<float>(from_bits<TypeParam>(bits)));
    if ((bits & 0x7fffU) > this->infinity) {
      ASSERT_GT(back.bits & 0x7fffU, this->infinity) << bits;  // still a NaN
      ASSERT_EQ(back.bits & 0x8000U, bits & 0x8000U) << bits;
    } else {
      ASSERT_EQ(back.bits, bits);
    }
  }
}

TYPED_TEST(HalfFloat, RoundsToNearestAndTiesToEvenBetweenAllNeighbours) {
  for (std::uint32_t below = 0; below < this->infinity; ++below) {
    const std::uint32_t above = below + 1;  // infinity after the largest: the next power of two
    const float low = static_cast<float>(from_bits<TypeParam>(below));
    const float step = low - (below == 0 ? -static_cast<float>(from_bits<TypeParam>(1))
                                         : static_cast<float>(from_bits<TypeParam>(below - 1)));
    // Above a power of two the step doubles; the largest's step is that below it.
    const bool power = (below & ((1U << static_cast<unsigned>(this->fraction_bits)) - 1)) == 0 &&
                       below >> static_cast<unsigned>(this->fraction_bits) > 1;
    const float half_step = power ? step : step / 2;
    const float middle = low + half_step;
    const std::uint32_t even = below % 2 == 0 ? below : above;
    for (const std::uint32_t sign : {0U, 0x8000U}) {
      const auto bits_of = [&](float magnitude) {
        return TypeParam(sign != 0 ? -magnitude : magnitude).bits;
      };
      ASSERT_EQ(bits_of(middle), sign | even) << below;
      ASSERT_EQ(bits_of(std::nextafter(middle, 0.0F)), sign | below) << below;
      if (middle != std::numeric_limits<float>::infinity()) {
        const float over = std::nextafter(middle, std::numeric_limits<float>::infinity());
        ASSERT_EQ(bits_of(over), sign | above) << below;
      }
    }
  }
}

TYPED_TEST(HalfFloat, InfinityAndTheLargestFloatBecomeInfinity) {
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(TypeParam(infinite).bits, this->infinity);
  EXPECT_EQ(TypeParam(-infinite).bits, this->infinity | 0x8000U);
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::max()).bits, this->infinity);
}

TYPED_TEST(HalfFloat, EveryFloatNanStaysNan) {
  for (const std::uint32_t payload : {1U, 0x1fffU, 0x10000U, 0x200000U, 0x400000U, 0x7fffffU}) {
    const auto nan = std::bit_cast<float>(0x7f800000U | payload);
    EXPECT_TRUE(std::isnan(static_cast<float>(TypeParam(nan)))) << payload;
  }
}

TYPED_TEST(HalfFloat, ComparesAsItsValue) {
  const TypeParam zero(0.0F);
  const TypeParam minus_zero(-0.0F);
  const TypeParam nan(std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(zero == minus_zero);
  EXPECT_FALSE(nan == nan);
  EXPECT_FALSE(zero == TypeParam(1.0F));
}

TEST(DType, NamesAndShortNamesAreTorchs) {
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(parse_dtype(name(dtype)), dtype);
  }
  EXPECT_EQ(parse_dtype("float"), DType::float32);
  EXPECT_EQ(parse_dtype("double"), DType::float64);
  EXPECT_EQ(parse_dtype("half"), DType::float16);
  EXPECT_EQ(parse_dtype("int"), DType::int32);
  EXPECT_EQ(parse_dtype("cfloat"), DType::complex64);
  EXPECT_EQ(parse_dtype("cdouble"), DType::complex128);
}

TEST(DType, AnUnknownNameIsRefusedWithTheList) {
  EXPECT_TRUE(refused([] { parse_dtype("float8"); }, "complex128, but got 'float8'"));
  EXPECT_TRUE(refused([] { parse_dtype(""); }, "but got ''"));
}

TEST(DType, SizesAreThoseOfTheElements) {
  EXPECT_EQ(element_size(dtype_of<float>), sizeof(float));
  EXPECT_EQ(element_size(dtype_of<double>), sizeof(double));
  EXPECT_EQ(element_size(dtype_of<bfloat16>), sizeof(bfloat16));
  EXPECT_EQ(element_size(dtype_of<float16>), sizeof(float16));
  EXPECT_EQ(element_size(dtype_of<std::int8_t>), sizeof(std::int8_t));
  EXPECT_EQ(element_size(dtype_of<std::uint8_t>), sizeof(std::uint8_t));
  EXPECT_EQ(element_size(dtype_of<std::int32_t>), sizeof(std::int32_t));
  EXPECT_EQ(element_size(dtype_of<complex64>), sizeof(complex64));
  EXPECT_EQ(element_size(dtype_of<complex128>), sizeof(complex128));
}

}  // namespace
}  // namespace conv2d

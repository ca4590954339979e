#include "figure/cells.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace conv2d::figure {
namespace {

/// How values in cells of that many pixels are written.
CellNumbers numbers_for(const std::vector<float>& values, int cell, bool fractions = true) {
  const auto width = static_cast<std::int64_t>(values.size());
  const Samples samples = sample(Tensor::from<float>({1, width}, std::span<const float>(values)),
                                 static_cast<int>(width) * cell);
  return choose_numbers(Canvas(1, 1, 1), std::span(&samples, 1), fractions);
}

TEST(CellNumbers, OfAGaussianAreSixteenths) {
  const CellNumbers numbers = numbers_for({1 / 16.F, 2 / 16.F, 4 / 16.F}, 24);
  EXPECT_EQ(numbers.divisor, 16);
  EXPECT_EQ(cell_text(4 / 16.F, numbers), "4");
}

TEST(CellNumbers, OfABoxAreNinthsThoughAFloatHoldsNone) {
  const CellNumbers numbers = numbers_for({1 / 9.F, 1 / 9.F}, 24);
  EXPECT_EQ(numbers.divisor, 9);
  EXPECT_EQ(cell_text(1 / 9.F, numbers), "1");
}

TEST(CellNumbers, OfASobelAreItsOwn) {
  const CellNumbers numbers = numbers_for({-2, 0, 1}, 24);
  EXPECT_EQ(numbers.divisor, 1);
  EXPECT_EQ(cell_text(-2, numbers), "\u22122");
  EXPECT_EQ(cell_text(0, numbers), "0");
}

TEST(CellNumbers, OfAPictureAreNeverFractions) {
  EXPECT_EQ(numbers_for({0.25, 0.5}, 24, false).divisor, 0);
  EXPECT_EQ(numbers_for({2, 3}, 24, false).divisor, 1);
}

TEST(CellNumbers, OfOtherWeightsHaveTwoDigitsAndNoZeroBeforeThePoint) {
  const CellNumbers numbers = numbers_for({0.1152F, -0.0731F, 0.0041F}, 22);
  EXPECT_EQ(numbers.divisor, 0);
  EXPECT_EQ(numbers.decimals, 2);
  EXPECT_EQ(cell_text(0.1152, numbers), ".12");
  EXPECT_EQ(cell_text(-0.0731, numbers), "\u2212.07");
  EXPECT_EQ(cell_text(0.0041, numbers), ".00");  // small, but not zero
  EXPECT_EQ(cell_text(0, numbers), "0");
}

TEST(CellNumbers, OfLargeCellsHaveMoreDigits) {
  EXPECT_EQ(numbers_for({0.1152F, -0.0731F}, 72).decimals, 4);
}

TEST(CellNumbers, OfHugeAndTinyValuesHaveExponents) {
  EXPECT_EQ(cell_text(1.25e20, numbers_for({1.2345e20F}, 72)), "1.2e+20");
  EXPECT_EQ(cell_text(1.25e-20, numbers_for({1.2345e-20F}, 72)), "1.2e-20");
}

TEST(CellNumbers, OfWhatIsNotFiniteSaySo) {
  const CellNumbers numbers = numbers_for({std::numeric_limits<float>::quiet_NaN(), 0.3F}, 72);
  EXPECT_EQ(cell_text(std::numeric_limits<double>::quiet_NaN(), numbers), "NaN");
}

TEST(CellNumbers, AreLeftOutWhereTheyCouldNotBeRead) {
  EXPECT_EQ(numbers_for({0.1152F, -0.0731F}, 12).size, 0);
  EXPECT_GT(numbers_for({0.1152F, -0.0731F}, 24).size, 0);
}

}  // namespace
}  // namespace conv2d::figure

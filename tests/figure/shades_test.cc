#include "figure/shades.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace conv2d::figure {
namespace {

using drawing::diverging;
using drawing::not_finite;
using drawing::sequential;

Samples row_of(std::vector<double> values) {
  const auto width = static_cast<std::int64_t>(values.size());
  return sample(Tensor::from<double>({1, width}, std::span<const double>(values)),
                static_cast<int>(width));
}

double diverging_limit(std::vector<double> values) {
  return choose_shades(row_of(std::move(values)), Scale::diverging, {}).high;
}

TEST(DivergingLimit, IsRoundedUpToTwoDigits) {
  EXPECT_EQ(diverging_limit({1.237}), 1.3);
  EXPECT_EQ(diverging_limit({-0.01201}), 0.013);
  EXPECT_EQ(diverging_limit({48123}), 49000);
  EXPECT_EQ(diverging_limit({0.75}), 0.75);
}

TEST(DivergingLimit, LeavesOutOneValueInTwoHundred) {
  std::vector<double> values(1000, 1.0);
  values[3] = 1000;
  EXPECT_EQ(diverging_limit(values), 1);
  EXPECT_EQ(diverging_limit({1, 1000}), 1);
}

TEST(DivergingLimit, SeesAFewValuesOnAnEmptyGround) {
  std::vector<double> values(1000, 0.0);
  values[3] = -5;
  EXPECT_EQ(diverging_limit(values), 5);
}

TEST(DivergingLimit, IsPositiveAndFiniteForAnyValues) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {0.0, infinity, std::nan(""), std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::denorm_min(), 1e-300}) {
    const double limit = diverging_limit({value});
    EXPECT_TRUE(std::isfinite(limit) && limit > 0) << value << " gives " << limit;
  }
}

TEST(Shades, OfADivergingScaleAreSymmetric) {
  const Shades shades = choose_shades(row_of({-1, 4}), Scale::diverging, 2.0);
  EXPECT_EQ(shades.low, -2);
  EXPECT_EQ(shades.high, 2);
  EXPECT_EQ(shades(0), diverging(0));
  EXPECT_EQ(shades(-2), diverging(-1));
  EXPECT_EQ(shades(9), diverging(1));
}

TEST(Shades, OfASequentialScaleReachFromTheLeastToTheGreatest) {
  const Shades shades = choose_shades(row_of({3, 5, 7}), Scale::sequential, {});
  EXPECT_EQ(shades(3), sequential(0));
  EXPECT_EQ(shades(5), sequential(0.5));
  EXPECT_EQ(shades(7), sequential(1));
}

TEST(Shades, OfEqualValuesAreLight) {
  const Shades shades = choose_shades(row_of({3, 3}), Scale::sequential, {});
  EXPECT_EQ(shades(3), sequential(0));
}

TEST(Shades, MarkWhatIsNotFinite) {
  const Shades shades = choose_shades(row_of({1}), Scale::picture, {});
  EXPECT_EQ(shades(std::nan("")), not_finite);
  EXPECT_EQ(shades(std::numeric_limits<double>::infinity()), not_finite);
}

TEST(Paint, RepeatsEachValueAsASquareCell) {
  const Samples samples = sample(Tensor::from<float>({1, 2}, {0, 1}), 4);
  const Pixels pixels = paint(samples, choose_shades(samples, Scale::picture, {}));
  constexpr Color black = {0, 0, 0};
  constexpr Color white = {255, 255, 255};
  EXPECT_EQ(pixels.width, 4);
  EXPECT_EQ(pixels.height, 2);
  EXPECT_EQ(pixels.colors,
            (std::vector<Color>{black, black, white, white, black, black, white, white}));
}

TEST(Paint, ThreePlanesAreRedGreenAndBlue) {
  const Samples samples = sample(Tensor::from<std::uint8_t>({3, 1, 1}, {10, 20, 30}), 1);
  const Pixels pixels = paint(samples, choose_shades(samples, Scale::picture, {}, 255));
  EXPECT_EQ(pixels.colors, (std::vector<Color>{{10, 20, 30}}));
}

}  // namespace
}  // namespace conv2d::figure

#include "figure/picture.h"

#include "support/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace conv2d::figure {
namespace {

/// The mean of values over [y0, y1) x [x0, x1), each counted by the part of it that lies inside.
double area_mean(const Tensor& values, double y0, double y1, double x0, double x1) {
  double sum = 0;
  for (std::int64_t y = 0; y < values.size(0); ++y) {
    for (std::int64_t x = 0; x < values.size(1); ++x) {
      const auto inside = [](double begin, double end, std::int64_t i) {
        const auto at = static_cast<double>(i);
        return std::max(0.0, std::min(end, at + 1) - std::max(begin, at));
      };
      sum += values.at<double>({y, x}) * inside(y0, y1, y) * inside(x0, x1, x);
    }
  }
  return sum / ((y1 - y0) * (x1 - x0));
}

TEST(Sample, AveragesOverAreas) {
  testing::Random random;
  for (int round = 0; round < 20; ++round) {
    const std::int64_t height = random.between(1, 30);
    const std::int64_t width = random.between(31, 60);
    const int edge = static_cast<int>(random.between(3, 30));
    Tensor values({height, width}, DType::float64);
    for (std::int64_t i = 0; i < values.numel(); ++i) {
      values.data<double>()[i] = static_cast<double>(random.between(-1000000, 1000000)) / 1e6;
    }
    const Samples samples = sample(values, edge);
    ASSERT_EQ(samples.cell, 1);
    const Plane& plane = samples.planes[0];
    ASSERT_EQ(plane.width, edge);
    ASSERT_EQ(plane.height, std::max<std::int64_t>(1, height * edge / width));
    const double down = static_cast<double>(height) / static_cast<double>(plane.height);
    const double across = static_cast<double>(width) / static_cast<double>(plane.width);
    for (std::int64_t i = 0; i < plane.height * plane.width; ++i) {
      const auto y = static_cast<double>(i / plane.width);
      const auto x = static_cast<double>(i % plane.width);
      // Up to (height+1)*(width+1) products and sums of numbers below 1, each off by half an
      // epsilon, and the weights' own roundings once more.
      const double bound = static_cast<double>((height + 1) * (width + 1)) * 0x1p-52;
      EXPECT_NEAR(plane.values[static_cast<std::size_t>(i)],
                  area_mean(values, y * down, (y + 1) * down, x * across, (x + 1) * across), bound)
          << height << "x" << width << " to " << edge << ", pixel " << i;
    }
  }
}

TEST(Sample, KeepsSmallPicturesAsTheyAreInWholeCells) {
  const Tensor values = Tensor::from<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Samples samples = sample(values, 20);
  EXPECT_EQ(samples.cell, 6);  // 3 cells of 6 pixels are the most that 20 hold
  EXPECT_EQ(samples.planes[0].values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Sample, ReadsAnyStridesAndDtypes) {
  const Tensor values = Tensor::from<std::uint8_t>({2, 3}, {1, 2, 3, 4, 5, 250});
  const Samples samples = sample(values.view().permute({1, 0}), 3);
  EXPECT_EQ(samples.planes[0].values, (std::vector<double>{1, 4, 2, 5, 3, 250}));
  EXPECT_EQ(samples.greatest, 250);
}

TEST(Sample, TellsTheRangeOfTheValuesThemselves) {
  Tensor values({1, 100});
  values.at<float>({0, 50}) = 9;
  values.at<float>({0, 51}) = -9;
  const Samples samples = sample(values, 1);
  EXPECT_EQ(samples.planes[0].values, (std::vector<double>{0}));
  EXPECT_EQ(samples.least, -9);
  EXPECT_EQ(samples.greatest, 9);
}

TEST(Sample, CountsWhatIsNotFiniteAndSpoilsOnlyItsPixels) {
  Tensor values({1, 4});
  values.at<float>({0, 0}) = std::numeric_limits<float>::quiet_NaN();
  values.at<float>({0, 3}) = 5;
  const Samples samples = sample(values, 2);
  EXPECT_TRUE(std::isnan(samples.planes[0].values[0]));
  EXPECT_EQ(samples.planes[0].values[1], 2.5);
  EXPECT_EQ(samples.not_finite, 1);
  EXPECT_EQ(samples.least, 0);
  EXPECT_EQ(samples.greatest, 5);
}

TEST(Sample, HasARangeEvenWithoutFiniteValues) {
  const Samples samples = sample(Tensor::full({2, 2}, std::numeric_limits<double>::infinity()), 2);
  EXPECT_EQ(samples.not_finite, 4);
  EXPECT_EQ(samples.least, 0);
  EXPECT_EQ(samples.greatest, 0);
}

}  // namespace
}  // namespace conv2d::figure

// Named filters: what each does to a picture whose answer is known.
#include <conv2d/filters.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

namespace conv2d {
namespace {

using testing::counting;
using testing::holds;
using testing::refused;

Filter filter(std::string_view name) { return find_filter(name); }

/// The middle of a 5x5 picture after one filter.
float at_the_middle(std::string_view name, const Tensor& picture) {
  const Filter one = filter(name);
  return filter_layer(std::span(&one, 1), 1)(picture).at<float>({0, 2, 2});
}

/// A 5x5 picture: value = row * down + column * right.
Tensor slope(float down, float right) {
  Tensor picture({1, 5, 5});
  for (std::int64_t h = 0; h < 5; ++h) {
    for (std::int64_t w = 0; w < 5; ++w) {
      picture.at<float>({0, h, w}) = static_cast<float>(h) * down + static_cast<float>(w) * right;
    }
  }
  return picture;
}

TEST(Filters, AreFoundByTheirNames) {
  EXPECT_GE(filters().size(), 5U);
  for (const Filter& one : filters()) {
    EXPECT_EQ(find_filter(one.name).values.data(), one.values.data());
    EXPECT_EQ(static_cast<std::int64_t>(one.values.size()), one.rows * one.columns) << one.name;
    EXPECT_FALSE(one.meaning.empty()) << one.name;
  }
  EXPECT_TRUE(refused([] { find_filter("sobel"); }, "there is no filter 'sobel'"));
  EXPECT_TRUE(refused([] { find_filter("sobel"); }, "sobel_x, sobel_y, gaussian, sharpen, emboss"));
}

TEST(Filters, BlursKeepBrightnessAndEdgesHaveNone) {
  const auto total = [](std::string_view name) {
    const auto values = filter(name).values;
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  EXPECT_EQ(total("gaussian"), 1);
  EXPECT_EQ(total("gaussian5"), 1);
  EXPECT_NEAR(total("box"), 1, 9 * 0x1p-24);  // nine roundings of 1/9
  EXPECT_EQ(total("sharpen"), 1);
  EXPECT_EQ(total("emboss"), 1);
  EXPECT_EQ(total("identity"), 1);
  EXPECT_EQ(total("sobel_x"), 0);
  EXPECT_EQ(total("sobel_y"), 0);
  EXPECT_EQ(total("laplacian"), 0);
}

TEST(Filters, SobelSeesTheSlopeItIsNamedFor) {
  // A central difference over two pixels (2 * slope) times the 1 2 1 average's sum of 4.
  EXPECT_EQ(at_the_middle("sobel_x", slope(0, 3)), 24);
  EXPECT_EQ(at_the_middle("sobel_x", slope(3, 0)), 0);
  EXPECT_EQ(at_the_middle("sobel_y", slope(3, 0)), 24);
  EXPECT_EQ(at_the_middle("sobel_y", slope(0, 3)), 0);
}

TEST(Filters, ASlopeIsNeitherBlurredNorSharpenedNorAnEdge) {
  const Tensor picture = slope(2, 4);
  for (const char* name : {"gaussian", "sharpen", "gaussian5", "identity"}) {
    EXPECT_EQ(at_the_middle(name, picture), 12) << name;
  }
  EXPECT_EQ(at_the_middle("laplacian", picture), 0);
}

TEST(FilterLayer, AppliesEachFilterToEachChannelAlone) {
  const std::array<Filter, 2> two = {filter("identity"), filter("sobel_x")};
  const Conv2d layer = filter_layer(two, 3);
  EXPECT_EQ(layer.options().groups, 3);
  EXPECT_EQ(layer.options().out_channels, 6);
  EXPECT_FALSE(layer.bias().has_value());
  const Tensor picture = counting({3, 4, 5});
  const Tensor result = layer(picture);
  EXPECT_EQ(result.sizes(), Sizes({6, 4, 5}));
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    EXPECT_TRUE(testing::same_bits(result.view().select(0, 2 * channel),
                                   picture.view().select(0, channel)));
    EXPECT_EQ(result.at<float>({2 * channel + 1, 1, 2}), 8);
  }
}

TEST(FilterLayer, TheBorderIsTheEdgeRepeated) {
  const Filter box = filter("box");
  const Tensor flat = Tensor::full({1, 3, 3}, 9);
  for (const float value : testing::values_of<float>(filter_layer(std::span(&box, 1), 1)(flat))) {
    EXPECT_NEAR(value, 9, 9 * 18 * 0x1p-24);  // nine products and sums, no darker frame
  }
}

TEST(FilterLayer, DrawsNoRandomNumbers) {
  manual_seed(5);
  const Conv2d first(1, 1, 3);
  manual_seed(5);
  filter_layer(filters().first(3), 3);
  EXPECT_TRUE(testing::same_bits(Conv2d(1, 1, 3).weight(), first.weight()));
}

TEST(FilterLayer, WhatCannotBeALayerIsRefused) {
  const std::array<Filter, 2> mixed = {filter("gaussian"), filter("gaussian5")};
  EXPECT_TRUE(refused([&] { filter_layer(mixed, 1); },
                      "all filters must have one size, but gaussian is 3x3 and gaussian5 is 5x5"));
  EXPECT_TRUE(refused([&] { filter_layer({}, 1); }, "at least one filter and one channel"));
  EXPECT_TRUE(refused([&] { filter_layer(mixed, 0); }, "but got 2 and 0"));
  EXPECT_TRUE(refused([&] { filter_layer(mixed, std::numeric_limits<std::int64_t>::max()); },
                      "more than 2^63 - 1"));
  const std::array<float, 25> values{};
  const Filter lying{"lying", "more values than it says", 3, 3, values};
  EXPECT_TRUE(
      refused([&] { filter_layer(std::span(&lying, 1), 1); }, "lying is 3x3 but has 25 values"));
}

}  // namespace
}  // namespace conv2d

// Drawings in pixels and as PDF.
#include <conv2d/figure.h>

#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace conv2d::figure {
namespace {

using drawing::Box;
using drawing::Color;
using drawing::Drawing;
using drawing::Path;
using drawing::Text;

Color pixel(const Tensor& image, std::int64_t y, std::int64_t x) {
  return {image.at<std::uint8_t>({0, y, x}), image.at<std::uint8_t>({1, y, x}),
          image.at<std::uint8_t>({2, y, x})};
}

constexpr Color white = {255, 255, 255};
constexpr Color red = {200, 10, 20};

Drawing of(std::vector<drawing::Shape> shapes) {
  return {
      .width = 40, .height = 20, .paper = white, .title = "A title", .shapes = std::move(shapes)};
}

/// Whether any pixel of a part is not paper.
bool has_ink(const Tensor& image, std::int64_t top, std::int64_t left, std::int64_t bottom,
             std::int64_t right) {
  for (std::int64_t y = top; y < bottom; ++y) {
    for (std::int64_t x = left; x < right; ++x) {
      if (pixel(image, y, x) != white) {
        return true;
      }
    }
  }
  return false;
}

TEST(Pixels, ABoxIsWhereItIs) {
  const Drawing drawing = of({Box{.rect = {10, 5, 20, 10}, .fill = red}});
  for (const std::int64_t ratio : {1, 2, 3}) {
    const Tensor image = to_pixels(drawing, static_cast<double>(ratio));
    ASSERT_EQ(image.sizes(), (Sizes{3, 20 * ratio, 40 * ratio}));
    EXPECT_EQ(image.dtype(), DType::uint8);
    for (std::int64_t y = 0; y < 20 * ratio; ++y) {
      for (std::int64_t x = 0; x < 40 * ratio; ++x) {
        const bool inside = y >= 5 * ratio && y < 15 * ratio && x >= 10 * ratio && x < 30 * ratio;
        ASSERT_EQ(pixel(image, y, x), inside ? red : white) << y << ' ' << x;
      }
    }
  }
}

TEST(Pixels, FramesHatchesPathsAndWordsAreThere) {
  const Tensor framed = to_pixels(of({Box{.rect = {10, 5, 20, 10}, .stroke = red, .radius = 3}}));
  EXPECT_FALSE(has_ink(framed, 7, 12, 13, 28));
  EXPECT_TRUE(has_ink(framed, 4, 15, 6, 25));
  const Tensor hatched = to_pixels(of({Box{.rect = {10, 5, 20, 10}, .hatch = red}}));
  EXPECT_TRUE(has_ink(hatched, 5, 10, 15, 30));
  EXPECT_FALSE(has_ink(hatched, 0, 0, 5, 40));
  EXPECT_FALSE(has_ink(hatched, 0, 30, 20, 40));
  const Tensor arrow =
      to_pixels(of({Path{.points = {{2, 10}, {36, 10}}, .color = red, .arrow = true}}));
  EXPECT_TRUE(has_ink(arrow, 9, 2, 11, 36));
  EXPECT_TRUE(has_ink(arrow, 7, 28, 9, 36));
  const Tensor bent =
      to_pixels(of({Path{.points = {{2, 15}, {36, 15}}, .color = red, .width = 2, .bend = 10}}));
  EXPECT_EQ(pixel(bent, 5, 19), red);
  EXPECT_FALSE(has_ink(bent, 14, 15, 16, 23));
  for (const drawing::Align align : {drawing::Align::left, drawing::Align::right}) {
    const Tensor words = to_pixels(of({Text{{20, 14}, {{"A", red}, {"b", red, true}}, 12, align}}));
    const bool left = align == drawing::Align::left;
    EXPECT_EQ(has_ink(words, 0, 21, 20, 40), left);
    EXPECT_EQ(has_ink(words, 0, 0, 20, 19), !left);
  }
}

TEST(Pixels, AreTheSameEachTime) {
  const Drawing drawing = of({Text{{2, 14}, {{"3\u00B72 = 6", red}}, 12},
                              Box{.rect = {1, 1, 9, 9}, .hatch = red, .opacity = 0.5}});
  EXPECT_TRUE(testing::same_bits(to_pixels(drawing, 1.5), to_pixels(drawing, 1.5)));
}

TEST(Pixels, OfSizesBetweenPixelsEndInPaper) {
  Drawing drawing = of({});
  drawing.width = 10.25;
  drawing.height = 3.5;
  const Tensor image = to_pixels(drawing);
  ASSERT_EQ(image.sizes(), (Sizes{3, 4, 11}));
  EXPECT_FALSE(has_ink(image, 0, 0, 4, 11));
}

TEST(Pixels, TooManyAreRefused) {
  Drawing drawing = of({});
  drawing.width = 40000;
  EXPECT_TRUE(testing::refused([&] { to_pixels(drawing); },
                               "a figure of 40000 by 20 pixels cannot be drawn"));
  EXPECT_TRUE(testing::refused([&] { to_pixels(of({}), 1000); }, "40000 by 20000"));
  for (const double ratio : {0.0, -1.0}) {
    EXPECT_TRUE(testing::refused([&] { to_pixels(of({}), ratio); }, "cannot be drawn"));
  }
}

TEST(Pdf, IsOnePageOfTheDrawingsSizeInPoints) {
  const std::string pdf = to_pdf(of({Text{{2, 14}, {{"words", red}}, 12}}));
  EXPECT_EQ(pdf.rfind("%PDF-1.", 0), 0);
  EXPECT_NE(pdf.find("MediaBox [ 0 0 30 15 ]"), std::string::npos);
  EXPECT_NE(pdf.find("/Count 1"), std::string::npos);
  EXPECT_NE(pdf.find("%%EOF"), std::string::npos);
}

}  // namespace
}  // namespace conv2d::figure

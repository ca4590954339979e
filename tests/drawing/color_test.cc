#include "drawing/color.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <string>

namespace conv2d::drawing {

void PrintTo(Color color, std::ostream* out) {
  *out << '(' << +color.r << ", " << +color.g << ", " << +color.b << ')';
}

namespace {

double distance(Lab a, Lab b) {
  return std::hypot(a.lightness - b.lightness, a.a - b.a, a.b - b.b);
}

// How people without one kind of cone see linear RGB. Source: Machado, Oliveira and Fernandes, A
// physiologically-based model for simulation of color vision deficiency, IEEE TVCG 15(6), 2009,
// severity 1.
using Matrix = std::array<std::array<double, 3>, 3>;
constexpr Matrix protanopia = {{{0.152286, 1.052583, -0.204868},
                                {0.114503, 0.786281, 0.099216},
                                {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix deuteranopia = {{{0.367322, 0.860646, -0.227968},
                                  {0.280085, 0.672501, 0.047413},
                                  {-0.011820, 0.042940, 0.968881}}};
constexpr Matrix tritanopia = {{{1.255528, -0.076749, -0.178779},
                                {-0.078411, 0.930809, 0.147602},
                                {0.004733, 0.691367, 0.303900}}};

Color seen_with(const Matrix& matrix, Color color) {
  const auto linear = [](double v) {
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  const auto coded = [](double v) {
    const double x = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(255 * std::min(1.0, std::max(0.0, x))));
  };
  const std::array<double, 3> rgb = {linear(color.r / 255.0), linear(color.g / 255.0),
                                     linear(color.b / 255.0)};
  const auto row = [&](std::size_t i) {
    return coded(matrix.at(i)[0] * rgb[0] + matrix.at(i)[1] * rgb[1] + matrix.at(i)[2] * rgb[2]);
  };
  return {row(0), row(1), row(2)};
}

TEST(Color, ComesBackFromLab) {
  for (int i = 0; i < 256; i += 15) {
    const auto level = static_cast<std::uint8_t>(i);
    const auto other = static_cast<std::uint8_t>(255 - i);
    for (const Color color : {Color{level, level, level}, Color{level, other, 40},
                              Color{200, level, other}, Color{other, 90, level}}) {
      EXPECT_EQ(to_color(to_lab(color)), color);
    }
  }
}

TEST(Color, WhiteHasLightnessOneAndNoHue) {
  const Lab white = to_lab({255, 255, 255});
  // The published matrices have ten digits; sums of three such products are good to nine.
  EXPECT_NEAR(white.lightness, 1, 1e-7);
  EXPECT_NEAR(white.a, 0, 1e-7);
  EXPECT_NEAR(white.b, 0, 1e-7);
}

TEST(DivergingRamp, ZeroIsTheGround) {
  EXPECT_GT(to_lab(diverging(0)).lightness, 0.98);
  EXPECT_LT(std::hypot(to_lab(diverging(0)).a, to_lab(diverging(0)).b), 0.01);
}

TEST(DivergingRamp, SizeReadsTheSameOnBothSidesAndEverDarker) {
  double last = 1;
  for (int i = 0; i <= 50; ++i) {
    const double below = to_lab(diverging(-i / 50.0)).lightness;
    const double above = to_lab(diverging(i / 50.0)).lightness;
    // One step of an sRGB channel is at most 0.0125 of lightness down to the darkest end; what is
    // outside sRGB would show as more.
    EXPECT_NEAR(below, above, 0.0125) << "at " << i / 50.0;
    EXPECT_LT(above, last);
    last = above;
  }
}

TEST(DivergingRamp, SignsDifferForColourBlindPeopleToo) {
  for (const Matrix& matrix : {protanopia, deuteranopia, tritanopia}) {
    for (const double t : {0.3, 0.5, 0.7, 1.0}) {
      const Lab below = to_lab(seen_with(matrix, diverging(-t)));
      const Lab above = to_lab(seen_with(matrix, diverging(t)));
      // 0.02 in OKLab is about where two colours side by side begin to differ; five times that.
      EXPECT_GT(distance(below, above), 0.1) << "at " << t;
    }
  }
}

TEST(DivergingRamp, BeyondItsEndsIsTheEnd) {
  EXPECT_EQ(diverging(7), diverging(1));
  EXPECT_EQ(diverging(-7), diverging(-1));
}

TEST(SequentialRamp, GetsEverDarker) {
  for (int i = 1; i <= 50; ++i) {
    EXPECT_LT(to_lab(sequential(i / 50.0)).lightness, to_lab(sequential((i - 1) / 50.0)).lightness);
  }
}

TEST(GreyRamp, IsTheLevelItself) {
  for (int level = 0; level < 256; ++level) {
    const auto expected = static_cast<std::uint8_t>(level);
    EXPECT_EQ(grey(level / 255.0), (Color{expected, expected, expected}));
  }
}

TEST(Roles, HaveTheColoursOfOkabeAndIto) {
  EXPECT_EQ(color_of(Role::input), (Color{0x56, 0xB4, 0xE9}));
  EXPECT_EQ(color_of(Role::weight), (Color{0xE6, 0x9F, 0x00}));
  EXPECT_EQ(color_of(Role::output), (Color{0x00, 0x9E, 0x73}));
  EXPECT_EQ(color_of(Role::gradient), (Color{0xCC, 0x79, 0xA7}));
}

// The contrast ratio of WCAG 2.1.
double contrast(Color a, Color b) {
  const auto luminance = [](Color color) {
    const auto linear = [](double v) {
      return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.r / 255.0) + 0.7152 * linear(color.g / 255.0) +
           0.0722 * linear(color.b / 255.0) + 0.05;
  };
  return std::max(luminance(a), luminance(b)) / std::min(luminance(a), luminance(b));
}

TEST(Ink, CanBeReadOnPaperAndOnEveryShade) {
  EXPECT_GE(contrast(ink, paper), 7);
  EXPECT_GE(contrast(quiet_ink, paper), 4.5);
  for (int i = -50; i <= 50; ++i) {
    for (const Color ground :
         {diverging(i / 50.0), sequential(std::abs(i) / 50.0), grey(std::abs(i) / 50.0)}) {
      // Between ink and paper there is a ground equally far from both: the square root of theirs.
      EXPECT_GE(contrast(ink_on(ground), ground), 0.99 * std::sqrt(contrast(ink, paper)));
    }
  }
}

constexpr std::array<Theme, 2> themes = {Theme::light, Theme::dark};
constexpr std::array<Role, 4> roles = {Role::input, Role::weight, Role::output, Role::gradient};

TEST(Palette, LettersCanBeReadOnEveryGroundOfAValue) {
  for (const Theme theme : themes) {
    const Palette& on = palette(theme);
    EXPECT_GE(contrast(on.ink, on.paper), 7);
    for (int i = -100; i <= 100; ++i) {
      EXPECT_GE(contrast(on.ink, on.value(i / 100.0)), 4.5) << i;
    }
  }
}

TEST(Palette, WordsCanBeReadOnPaper) {
  for (const Theme theme : themes) {
    const Palette& on = palette(theme);
    EXPECT_GE(contrast(on.quiet_ink, on.paper), 4.5);
    EXPECT_EQ(on.text_of(Role::none), on.ink);
    for (const Role role : roles) {
      EXPECT_GE(contrast(on.text_of(role), on.paper), 4.5) << static_cast<int>(role);
    }
  }
}

TEST(Palette, GroupsCanBeReadAndDifferForColourBlindPeopleToo) {
  for (const Theme theme : themes) {
    const Palette& on = palette(theme);
    for (int group = 0; group < 3; ++group) {
      EXPECT_GE(contrast(on.group(group), on.paper), 4.5) << group;
      EXPECT_EQ(on.group(group + 3), on.group(group));
      for (const Matrix& matrix : {protanopia, deuteranopia, tritanopia}) {
        const Lab one = to_lab(seen_with(matrix, on.group(group)));
        const Lab next = to_lab(seen_with(matrix, on.group(group + 1)));
        EXPECT_GT(distance(one, next), 0.1) << group;
      }
    }
  }
}

TEST(Palette, SignsDifferForColourBlindPeopleToo) {
  for (const Theme theme : themes) {
    for (const Matrix& matrix : {protanopia, deuteranopia, tritanopia}) {
      for (const double t : {0.5, 0.7, 1.0}) {
        const Lab below = to_lab(seen_with(matrix, palette(theme).value(-t)));
        const Lab above = to_lab(seen_with(matrix, palette(theme).value(t)));
        // Twice what two colours side by side need; the number with its sign stands there too.
        EXPECT_GT(distance(below, above), 0.04) << "at " << t;
      }
    }
  }
}

TEST(Palette, ZeroIsPaperAndSizeReadsTheSameOnBothSides) {
  for (const Theme theme : themes) {
    const Palette& on = palette(theme);
    EXPECT_EQ(on.value(0), on.paper);
    double last = 0;
    for (int i = 1; i <= 20; ++i) {
      const double below = to_lab(on.value(-i / 20.0)).lightness;
      const double above = to_lab(on.value(i / 20.0)).lightness;
      EXPECT_NEAR(below, above, 0.0125);  // one step of an sRGB channel
      const double from_paper = std::abs(above - to_lab(on.paper).lightness);
      EXPECT_GT(from_paper, last);
      last = from_paper;
    }
    EXPECT_EQ(on.value(9), on.value(1));
    EXPECT_EQ(on.value(-9), on.value(-1));
  }
}

TEST(Palette, RolesDifferFromEachOtherForColourBlindPeopleToo) {
  for (const Matrix& matrix : {protanopia, deuteranopia, tritanopia}) {
    for (const Role a : roles) {
      for (const Role b : roles) {
        if (a != b) {
          EXPECT_GT(distance(to_lab(seen_with(matrix, color_of(a))),
                             to_lab(seen_with(matrix, color_of(b)))),
                    0.04);
        }
      }
    }
  }
}

}  // namespace
}  // namespace conv2d::drawing

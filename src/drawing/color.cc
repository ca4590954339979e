#include "drawing/color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace conv2d::drawing {
namespace {

constexpr double pi = 3.14159265358979323846;

// The transfer function of sRGB, IEC 61966-2-1.
double to_linear(std::uint8_t channel) noexcept {
  const double v = channel / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

std::uint8_t from_linear(double v) noexcept {
  const double coded = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(coded, 0.0, 1.0)));
}

/// Relative luminance plus what a room's light adds, as WCAG 2.1 has them in contrast ratios.
double luminance(Color color) noexcept {
  return 0.2126 * to_linear(color.r) + 0.7152 * to_linear(color.g) + 0.0722 * to_linear(color.b) +
         0.05;
}

/// A stop of a ramp: lightness and chroma at a distance from its light end.
struct Stop {
  double at;
  double lightness;
  double chroma;
};

// Light and colourless, then the middle where colours are strongest, then dark. The chroma is what
// both hues of the diverging ramp have within sRGB at that lightness.
constexpr std::array<Stop, 4> stops = {
    {{0, 0.985, 0.003}, {0.3, 0.83, 0.085}, {0.62, 0.62, 0.125}, {1, 0.33, 0.075}}};
constexpr double blue_hue = 250;
constexpr double brown_hue = 55;
constexpr double green_hue = 165;

Color on_ramp(double t, double hue_degrees) noexcept {
  t = std::clamp(t, 0.0, 1.0);
  std::size_t next = 1;
  while (next + 1 < stops.size() && t > stops[next].at) {
    ++next;
  }
  const Stop& from = stops[next - 1];
  const Stop& to = stops[next];
  const double along = (t - from.at) / (to.at - from.at);
  const double chroma = std::lerp(from.chroma, to.chroma, along);
  const double hue = hue_degrees * pi / 180;
  return to_color({std::lerp(from.lightness, to.lightness, along), chroma * std::cos(hue),
                   chroma * std::sin(hue)});
}

}  // namespace

Lab to_lab(Color color) noexcept {
  const double r = to_linear(color.r);
  const double g = to_linear(color.g);
  const double b = to_linear(color.b);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

Color to_color(Lab lab) noexcept {
  const double l = std::pow(lab.lightness + 0.3963377774 * lab.a + 0.2158037573 * lab.b, 3);
  const double m = std::pow(lab.lightness - 0.1055613458 * lab.a - 0.0638541728 * lab.b, 3);
  const double s = std::pow(lab.lightness - 0.0894841775 * lab.a - 1.2914855480 * lab.b, 3);
  return {from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

// Source of these and of the groups' two: M. Okabe and K. Ito, Color Universal Design, 2008,
// https://jfly.uni-koeln.de/color
Color color_of(Role role) noexcept {
  switch (role) {
    case Role::input:
      return {86, 180, 233};
    case Role::weight:
      return {230, 159, 0};
    case Role::output:
      return {0, 158, 115};
    case Role::gradient:
      return {204, 121, 167};
    case Role::none:
      break;
  }
  return hairline;
}

namespace {

/// The colour, dark or light enough to be read on the ground of its theme.
Color legible(Color color, Theme theme) noexcept {
  Lab lab = to_lab(color);
  lab.lightness =
      theme == Theme::light ? std::min(lab.lightness, 0.5) : std::max(lab.lightness, 0.75);
  return to_color(lab);
}

}  // namespace

Color Palette::of(Role role) const noexcept {
  return role == Role::none ? hairline : color_of(role);
}

Color Palette::text_of(Role role) const noexcept {
  return role == Role::none ? ink : legible(color_of(role), theme);
}

Color Palette::group(std::int64_t index) const noexcept {
  constexpr Color blue = {0, 114, 178};
  constexpr Color vermillion = {213, 94, 0};
  switch (index % 3) {
    case 0:
      return legible(blue, theme);
    case 1:
      return legible(vermillion, theme);
    default:
      return ink;
  }
}

Color Palette::value(double t) const noexcept {
  t = std::clamp(t, -1.0, 1.0);
  const Lab ground = to_lab(paper);
  const double hue = (t < 0 ? blue_hue : brown_hue) * pi / 180;
  const double size = std::abs(t);
  // Far enough from the ground to be seen, near enough to it for letters in ink: 4.5:1 and more.
  const double lightness = ground.lightness + (theme == Theme::light ? -0.23 : 0.2) * size;
  const double chroma = 0.1 * size;
  return to_color(
      {lightness, ground.a + chroma * std::cos(hue), ground.b + chroma * std::sin(hue)});
}

const Palette& palette(Theme theme) noexcept {
  static constexpr Palette light = {Theme::light, paper, ink, quiet_ink, hairline, {196, 197, 194}};
  static constexpr Palette dark = {Theme::dark,     {24, 26, 29}, {232, 232, 228},
                                   {165, 170, 176}, {62, 65, 70}, {78, 82, 88}};
  return theme == Theme::light ? light : dark;
}

Color diverging(double t) noexcept { return on_ramp(std::abs(t), t < 0 ? blue_hue : brown_hue); }

Color sequential(double t) noexcept { return on_ramp(t, green_hue); }

Color grey(double t) noexcept {
  const auto level = static_cast<std::uint8_t>(std::lround(255 * std::clamp(t, 0.0, 1.0)));
  return {level, level, level};
}

Color ink_on(Color ground) noexcept {
  const double light = luminance(ground);
  // Ink reads better where ground/ink, the ratio of their luminances, is more than paper/ground.
  return light * light > luminance(ink) * luminance(paper) ? ink : paper;
}

}  // namespace conv2d::drawing

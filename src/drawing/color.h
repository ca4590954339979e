// Colours: the palette of roles, and the ramps that numbers are drawn with.
#pragma once

#include <conv2d/drawing.h>

#include <cstdint>

namespace conv2d::drawing {

/// What a sheet is drawn on and written in.
inline constexpr Color paper = {252, 252, 250};
inline constexpr Color ink = {31, 35, 40};
inline constexpr Color quiet_ink = {91, 97, 106};  // 6:1 on paper; text needs 4.5:1 (WCAG 2.1)
inline constexpr Color hairline = {217, 217, 212};
/// Values that are infinite or not a number. No ramp comes near this yellow.
inline constexpr Color not_finite = {240, 228, 66};

/// A position in OKLab: lightness 0..1, green to red, blue to yellow. Equal steps look equal.
/// Source: B. Ottosson, A perceptual color space for image processing, 2020,
/// https://bottosson.github.io/posts/oklab
struct Lab {
  double lightness = 0;
  double a = 0;
  double b = 0;
};
Lab to_lab(Color color) noexcept;
/// The nearest sRGB colour, each channel cut off to what a screen has.
Color to_color(Lab lab) noexcept;

/// The colour of a role; hairline for Role::none.
Color color_of(Role role) noexcept;

/// What is drawn with, on a light or on a dark ground.
struct Palette {
  Theme theme;
  Color paper;
  Color ink;
  Color quiet_ink;
  Color hairline;
  Color hatch;  ///< of the padding

  /// Of a role: for frames and marks. Text needs `text_of`, which is dark (or light) enough.
  Color of(Role role) const noexcept;
  Color text_of(Role role) const noexcept;
  /// Around the planes of a group: what roles left of the eight colours, dark enough for text, then
  /// the ink; after these three from the start.
  Color group(std::int64_t index) const noexcept;
  /// t from -1 to 1: a ground for letters in ink, blue below zero, paper at it, brown above.
  Color value(double t) const noexcept;
};
const Palette& palette(Theme theme) noexcept;

/// t from -1 to 1: dark blue, paper at 0, dark brown. Both sides have the same lightness at the
/// same |t|, so that size reads the same on either side, on a grey printer too.
Color diverging(double t) noexcept;
/// t from 0 to 1: paper to dark bluish green, ever darker.
Color sequential(double t) noexcept;
/// t from 0 to 1: black to white.
Color grey(double t) noexcept;

/// Ink or paper, whichever reads better on that ground.
Color ink_on(Color ground) noexcept;

}  // namespace conv2d::drawing

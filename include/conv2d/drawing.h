// Drawings: boxes, lines and text with places and colours, on no surface yet. SVG is one here;
// <conv2d/figure.h> makes pixels and PDF of them.                       (library conv2d_diagram)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace conv2d::drawing {

/// sRGB.
struct Color {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
  friend bool operator==(Color, Color) = default;
};

/// What the numbers are; each role has its colour in every figure (Okabe and Ito's palette).
enum class Role : std::uint8_t { none, input, weight, output, gradient };

/// The ground that a drawing is made for.
enum class Theme : std::uint8_t { light, dark };

// Lengths are in layout pixels, from the top left.

struct Point {
  double x = 0;
  double y = 0;
};

struct Rect {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  double right() const noexcept { return x + width; }
  double bottom() const noexcept { return y + height; }
  Point center() const noexcept { return {x + width / 2, y + height / 2}; }
};

enum class Dash : std::uint8_t { solid, dashed, dotted };

struct Box {
  Rect rect;
  std::optional<Color> fill = {};
  std::optional<Color> stroke = {};
  double stroke_width = 1;
  Dash dash = Dash::solid;
  std::optional<Color> hatch = {};  ///< diagonal lines over the fill
  double radius = 0;                ///< of the corners
  double opacity = 1;
};

/// A line through points; `bend` lifts its middle to the left of its direction, in layout pixels.
struct Path {
  std::vector<Point> points;
  Color color;
  double width = 1;
  Dash dash = Dash::solid;
  bool arrow = false;  ///< a head at its last point
  double bend = 0;     ///< of a path of two points
  double opacity = 1;
};

enum class Align : std::uint8_t { left, center, right };

/// A part of a line of text.
struct Run {
  std::string text;
  Color color;
  bool bold = false;
};

/// One line, one run behind the other. DejaVu Sans or a face of its widths, digits of one width.
struct Text {
  Point at;  ///< on the baseline
  std::vector<Run> runs;
  double size = 12;
  Align align = Align::left;
  double opacity = 1;
};

using Shape = std::variant<Box, Path, Text>;

/// A place that stands for an element of the input, the weight or the output, as often as it is
/// drawn.
struct Region {
  Rect rect;
  Role role = Role::none;
  std::int64_t element = 0;  ///< row-major, of the whole tensor
};

struct Drawing {
  double width = 0;
  double height = 0;
  Color paper = {};
  std::string title = {};        ///< for those who cannot see it, too
  std::string description = {};  ///< what it shows, in sentences
  std::vector<Shape> shapes = {};
  std::vector<Region> regions = {};  ///< what can be pointed at; surfaces do not show them
};

/// A complete SVG document, UTF-8. The same drawing gives the same bytes on every machine.
std::string to_svg(const Drawing& drawing);

}  // namespace conv2d::drawing

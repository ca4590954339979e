// A drawing surface: the few things that figures draw, in layout pixels. cairo stays behind it.
#pragma once

#include "drawing/color.h"

#include <conv2d/tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace conv2d::figure {

using drawing::Align;
using drawing::Color;
using drawing::Rect;

/// DejaVu Sans, its digits all of one width. Size in layout pixels.
struct Font {
  double size = 12;
  bool bold = false;
};

/// Coloured pixels, row by row.
struct Pixels {
  int width = 0;
  int height = 0;
  std::vector<Color> colors = {};
};

class Canvas {
 public:
  /// A sheet of paper. Sizes in layout pixels, each `ratio` output pixels.
  /// Throws std::bad_alloc where memory does not suffice.
  Canvas(double width, double height, double ratio);

  double ratio() const noexcept { return ratio_; }
  double text_width(const std::string& text, Font font) const;
  /// Writes one line of valid UTF-8 whose letters stand on `baseline`.
  void text(double x, double baseline, const std::string& text, Font font, Color color,
            Align align = Align::left);
  void fill(const Rect& rect, Color color);
  /// A line of that width around the rectangle, outside of it.
  void outline(const Rect& rect, Color color, double width);
  /// Pixels as they are, one output pixel each; the nearest place to (x, y). Returns where.
  Rect draw(double x, double y, const Pixels& pixels);

  /// uint8 (3, height, width) in output pixels.
  Tensor to_tensor() const;

 private:
  struct Surface;
  struct SurfaceEnd {
    void operator()(Surface* surface) const noexcept;
  };
  void set_font(Font font) const;
  void set_color(Color color);

  std::unique_ptr<Surface, SurfaceEnd> surface_;
  double ratio_;
};

}  // namespace conv2d::figure

// Adds shapes to a drawing in the palette of its theme, and knows how wide text will be.
#pragma once

#include "drawing/color.h"

#include <conv2d/drawing.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conv2d::diagram {

using drawing::Align;
using drawing::Box;
using drawing::Color;
using drawing::Dash;
using drawing::Drawing;
using drawing::Palette;
using drawing::Path;
using drawing::Point;
using drawing::Rect;
using drawing::Role;
using drawing::Run;
using drawing::Text;
using drawing::Theme;

/// In DejaVu Sans, to a few percent: enough to leave room and to break lines.
double text_width(std::string_view text, double size, bool bold = false);
double text_width(const std::vector<Run>& runs, double size);

class Pen {
 public:
  explicit Pen(Theme theme) : palette_(drawing::palette(theme)) { drawing_.paper = palette_.paper; }

  const Palette& palette() const noexcept { return palette_; }

  void add(drawing::Shape shape) { drawing_.shapes.push_back(std::move(shape)); }
  void mark(const drawing::Region& region) { drawing_.regions.push_back(region); }
  /// In ink unless told.
  void text(Point at, std::string text, double size, Align align = Align::left);
  void quiet(Point at, std::string text, double size, Align align = Align::left);
  void text(Point at, std::string text, double size, Color color, Align align, bool bold = false);
  /// Runs, broken into lines before they get wider than `width`. Returns the baseline of the last.
  double paragraph(Point at, const std::vector<Run>& runs, double size, double width,
                   double line_height);

  Drawing take(double width, double height, std::string title, std::string description);

 private:
  const Palette& palette_;
  Drawing drawing_;
};

}  // namespace conv2d::diagram

// Text for figures: numbers in few digits, and lines that fit a width.
#pragma once

#include "figure/canvas.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::figure {

/// A number with at most that many significant digits and a true minus sign: "−0.25", "1.5e-7".
std::string number(double value, int digits);

/// Valid UTF-8 on one line: control characters become spaces, what is no UTF-8 becomes U+FFFD.
std::string clean(std::string_view text);

/// `text`, or as much of its beginning as fits the width, with an ellipsis.
std::string fitted(const Canvas& canvas, const std::string& text, Font font, double width);

/// The first of the texts that fits the width, or as much of the last as does.
std::string first_fitting(const Canvas& canvas, std::span<const std::string> texts, Font font,
                          double width);

/// `text` broken at spaces into lines that fit the width; the last one of max_lines is fitted.
std::vector<std::string> wrapped(const Canvas& canvas, const std::string& text, Font font,
                                 double width, std::size_t max_lines);

}  // namespace conv2d::figure

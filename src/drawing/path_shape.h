// What a Path looks like: its curve and the triangle of its arrow.
#pragma once

#include <conv2d/drawing.h>

#include <array>
#include <optional>

namespace conv2d::drawing {

/// Where the curve of a bent path of two points is drawn to: a quadratic Bézier curve's control
/// point. Nothing for a straight one.
std::optional<Point> control_point(const Path& path);

/// The corners of the head, its tip first; nothing where the path has none or no length.
std::optional<std::array<Point, 3>> arrow_head(const Path& path);

}  // namespace conv2d::drawing

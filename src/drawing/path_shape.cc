#include "drawing/path_shape.h"

#include <cmath>

namespace conv2d::drawing {

std::optional<Point> control_point(const Path& path) {
  if (path.bend == 0 || path.points.size() != 2) {
    return std::nullopt;
  }
  const Point from = path.points.front();
  const Point to = path.points.back();
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (length == 0) {
    return std::nullopt;
  }
  // The curve passes half way between the chord and its control point.
  const double lift = 2 * path.bend / length;
  return Point{(from.x + to.x) / 2 + (to.y - from.y) * lift,
               (from.y + to.y) / 2 - (to.x - from.x) * lift};
}

std::optional<std::array<Point, 3>> arrow_head(const Path& path) {
  if (!path.arrow || path.points.size() < 2) {
    return std::nullopt;
  }
  const Point tip = path.points.back();
  const Point before = control_point(path).value_or(path.points[path.points.size() - 2]);
  const double length = std::hypot(tip.x - before.x, tip.y - before.y);
  if (length == 0) {
    return std::nullopt;
  }
  const double size = 3.5 + 2 * path.width;
  const Point along = {(tip.x - before.x) / length * size, (tip.y - before.y) / length * size};
  const Point base = {tip.x - along.x, tip.y - along.y};
  return std::array<Point, 3>{tip, Point{base.x - along.y * 0.42, base.y + along.x * 0.42},
                              Point{base.x + along.y * 0.42, base.y - along.x * 0.42}};
}

}  // namespace conv2d::drawing

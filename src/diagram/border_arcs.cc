#include "diagram/border_arcs.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace conv2d::diagram {
namespace {

constexpr double highest = 15;
constexpr double lowest = 6;
constexpr double higher_each = 2.5;
constexpr double head_room = 3;  ///< of the line itself, above its curve

/// A position beyond the border, and the one whose values it has.
struct Reading {
  std::int64_t from = 0;
  std::int64_t to = 0;

  std::int64_t distance() const noexcept { return std::abs(to - from); }
};

std::vector<Reading> readings(const Axis& axis, const Span& shown, std::int64_t output) {
  std::vector<Reading> list;
  for (std::int64_t tap = 0; tap < axis.size.kernel; ++tap) {
    const std::int64_t to = axis.position(output, tap);
    if (axis.kind(to) != explain::TermKind::border) {
      continue;
    }
    // Only convolutions have borders that are read; their positions inside are the input's own.
    const std::int64_t from = axis.source(to);
    if (shown.contains(from) && shown.contains(to)) {
      list.push_back({from, to});
    }
  }
  return list;
}

/// The farther, the higher, so that arcs around the same edge lie inside one another.
double height(const Reading& reading, const std::vector<Reading>& all) {
  const auto nearer = [](const Reading& a, const Reading& b) {
    return a.distance() < b.distance();
  };
  const auto farthest =
      static_cast<double>(std::max_element(all.begin(), all.end(), nearer)->distance());
  const double top = std::min(highest, lowest + higher_each * farthest);
  return std::lerp(lowest, top, static_cast<double>(reading.distance()) / farthest);
}

Path arc(const Pen& pen, Point from, Point to, double bend) {
  return {.points = {from, to},
          .color = pen.palette().text_of(Role::input),
          .width = 1.2,
          .arrow = true,
          .bend = bend};
}

}  // namespace

double room_for_arcs(const Subject& subject) {
  const bool padded = subject.rows.has_padding() || subject.columns.has_padding();
  return padded && subject.rows.mode != PaddingMode::zeros ? highest + head_room : 0;
}

void draw_border_arcs(Pen& pen, const Grid& plane, const Subject& subject,
                      const explain::Index& output) {
  const double top = plane.rect().y - 2;
  const std::vector<Reading> columns = readings(subject.columns, plane.columns, output.column);
  for (const Reading& reading : columns) {
    const double from = plane.cell_rect(plane.rows.first, reading.from).center().x;
    const double to = plane.cell_rect(plane.rows.first, reading.to).center().x;
    pen.add(arc(pen, {from, top}, {to, top}, std::copysign(height(reading, columns), to - from)));
  }
  const double left = plane.rect().x - 2;
  const std::vector<Reading> rows = readings(subject.rows, plane.rows, output.row);
  for (const Reading& reading : rows) {
    const double from = plane.cell_rect(reading.from, plane.columns.first).center().y;
    const double to = plane.cell_rect(reading.to, plane.columns.first).center().y;
    pen.add(arc(pen, {left, from}, {left, to}, std::copysign(height(reading, rows), from - to)));
  }
}

}  // namespace conv2d::diagram

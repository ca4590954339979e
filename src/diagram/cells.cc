#include "diagram/cells.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace conv2d::diagram {
namespace {

constexpr double smallest_letters = 7;
constexpr double largest_letters = 13;
constexpr double cell_with_lines = 7;  // smaller ones touch each other

double largest(std::span<const double> values) {
  double most = 0;
  for (const double value : values) {
    most = std::isfinite(value) ? std::max(most, std::abs(value)) : most;
  }
  return most;
}

int decimals_of(std::span<const double> values) {
  const bool whole = std::all_of(values.begin(), values.end(), [](double value) {
    return !std::isfinite(value) || value == std::round(value);
  });
  if (whole) {
    return 0;
  }
  const double most = largest(values);
  return most < 10 ? 2 : most < 100 ? 1 : 0;
}

double widest(std::span<const double> values, const Numbers& numbers) {
  double width = 1;
  for (const double value : values) {
    width = std::max(width, text_width(numbers.text(value), 1));
  }
  return width;
}

/// Ragged edges of a plane that goes on.
void draw_cut(Pen& pen, const Rect& edge) {
  pen.add(Box{.rect = edge, .fill = pen.palette().paper, .opacity = 0.6});
}

void draw_number(Pen& pen, const Grid& grid, const Rect& rect, const Cell& cell) {
  if (grid.numbers.size == 0 || !cell.value) {
    return;
  }
  const bool corner = !cell.corner.empty() && grid.cell >= 26;
  const double lift = corner ? grid.cell * 0.08 : 0;
  const Color color = cell.padding || cell.gap ? pen.palette().quiet_ink : pen.palette().ink;
  pen.add(Text{{rect.center().x, rect.center().y + grid.numbers.size * 0.36 - lift},
               {{grid.numbers.text(*cell.value), color}},
               grid.numbers.size,
               Align::center,
               grid.opacity * (cell.faint ? 0.5 : 1)});
  if (corner) {
    pen.add(Text{{rect.right() - 2, rect.bottom() - 2.5},
                 {{cell.corner, pen.palette().text_of(Role::weight), true}},
                 std::max(6.5, grid.numbers.size * 0.62),
                 Align::right});
  }
}

void draw_cell(Pen& pen, const Grid& grid, const Rect& rect, const Cell& cell) {
  const Palette& palette = pen.palette();
  Box box{.rect = rect, .fill = palette.paper, .opacity = grid.opacity};
  if (grid.cell >= cell_with_lines) {
    box.stroke = palette.hairline;
  }
  if (cell.value && !cell.padding && !cell.gap) {
    box.fill = std::isfinite(*cell.value) ? palette.value(*cell.value / grid.numbers.limit)
                                          : drawing::not_finite;
  }
  if (cell.padding || cell.border) {
    box.hatch = palette.hatch;
  }
  pen.add(box);
  if (cell.unread) {
    pen.add(Box{.rect = rect, .fill = palette.hairline, .opacity = 0.75});
    pen.add(Path{.points = {{rect.x + 3, rect.bottom() - 3}, {rect.right() - 3, rect.y + 3}},
                 .color = palette.quiet_ink,
                 .width = 0.75});
  }
  draw_number(pen, grid, rect, cell);
}

void draw_cuts(Pen& pen, const Grid& grid) {
  const Rect all = grid.rect();
  const double depth = grid.cell * 0.55;
  if (grid.rows.more_before) {
    draw_cut(pen, {all.x, all.y, all.width, depth});
  }
  if (grid.rows.more_after) {
    draw_cut(pen, {all.x, all.bottom() - depth, all.width, depth});
  }
  if (grid.columns.more_before) {
    draw_cut(pen, {all.x, all.y, depth, all.height});
  }
  if (grid.columns.more_after) {
    draw_cut(pen, {all.right() - depth, all.y, depth, all.height});
  }
}

void draw_frame(Pen& pen, const Grid& grid) {
  const Rect all = grid.rect();
  const Color color = pen.palette().of(grid.role);
  const auto side = [&](bool more, Point from, Point to) {
    pen.add(Path{.points = {from, to},
                 .color = color,
                 .width = more ? 1.0 : 2.0,
                 .dash = more ? Dash::dotted : grid.frame,
                 .opacity = grid.opacity});
  };
  side(grid.rows.more_before, {all.x - 1, all.y}, {all.right() + 1, all.y});
  side(grid.rows.more_after, {all.x - 1, all.bottom()}, {all.right() + 1, all.bottom()});
  side(grid.columns.more_before, {all.x, all.y}, {all.x, all.bottom()});
  side(grid.columns.more_after, {all.right(), all.y}, {all.right(), all.bottom()});
}

}  // namespace

std::string Numbers::text(double value) const {
  if (std::isnan(value)) {
    return "NaN";
  }
  const std::string_view sign = value < 0 ? "\u2212" : "";
  if (std::isinf(value)) {
    return std::string(sign) + "\u221E";
  }
  std::array<char, 40> buffer{};
  const double magnitude = std::abs(value);
  const bool fixed = magnitude < 1e5;
  auto* const end = std::to_chars(buffer.begin(), buffer.end(), magnitude,
                                  fixed ? std::chars_format::fixed : std::chars_format::scientific,
                                  fixed ? decimals : 0)
                        .ptr;
  std::string digits(buffer.begin(), end);
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  return zero ? (magnitude == 0 ? "0" : digits) : std::string(sign) + digits;
}

double comfortable_cell(std::span<const double> values) {
  const Numbers numbers{.decimals = decimals_of(values)};
  return std::clamp(widest(values, numbers) * 10 + 8, 28.0, 46.0);
}

Numbers choose_numbers(std::span<const double> values, double cell) {
  Numbers numbers{.decimals = decimals_of(values)};
  const double most = largest(values);
  numbers.limit = most > 0 ? most : 1;
  const auto fit = [&] {
    return std::min({(cell - 4) / widest(values, numbers), cell * 0.45, largest_letters});
  };
  while (numbers.decimals > 1 && fit() < smallest_letters) {
    --numbers.decimals;
  }
  numbers.size = fit() < smallest_letters ? 0 : fit();
  return numbers;
}

Span choose_span(std::int64_t first, std::int64_t last, std::int64_t from, std::int64_t to,
                 std::int64_t limit) {
  if (last - first + 1 <= limit) {
    return {first, last, false, false};
  }
  const std::int64_t wanted = from - (limit - (to - from + 1)) / 2;
  const std::int64_t begin = std::clamp(wanted, first, last - limit + 1);
  return {begin, begin + limit - 1, begin > first, begin + limit - 1 < last};
}

Rect Grid::rect() const noexcept {
  return {at.x, at.y, static_cast<double>(columns.count()) * cell,
          static_cast<double>(rows.count()) * cell};
}

Rect Grid::cell_rect(std::int64_t row, std::int64_t column) const noexcept {
  return {at.x + static_cast<double>(column - columns.first) * cell,
          at.y + static_cast<double>(row - rows.first) * cell, cell, cell};
}

Rect Grid::block(std::int64_t row0, std::int64_t column0, std::int64_t row1,
                 std::int64_t column1) const noexcept {
  const Rect from = cell_rect(std::max(row0, rows.first), std::max(column0, columns.first));
  const Rect to = cell_rect(std::min(row1, rows.last), std::min(column1, columns.last));
  return {from.x, from.y, to.right() - from.x, to.bottom() - from.y};
}

void draw(Pen& pen, const Grid& grid,
          const std::function<Cell(std::int64_t row, std::int64_t column)>& cell_at) {
  for (std::int64_t row = grid.rows.first; row <= grid.rows.last; ++row) {
    for (std::int64_t column = grid.columns.first; column <= grid.columns.last; ++column) {
      const Rect rect = grid.cell_rect(row, column);
      const Cell cell = cell_at(row, column);
      draw_cell(pen, grid, rect, cell);
      if (cell.element) {
        pen.mark({rect, grid.role, *cell.element});
      }
    }
  }
  draw_cuts(pen, grid);
  draw_frame(pen, grid);
}

}  // namespace conv2d::diagram

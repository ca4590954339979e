// Grids of cells with numbers in them: planes, slices of filters, matrices.
#pragma once

#include "diagram/pen.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace conv2d::diagram {

/// How numbers are written in the cells of one kind, all alike.
struct Numbers {
  int decimals = 0;
  double size = 0;   ///< of the letters; 0 where cells are too small for them
  double limit = 1;  ///< the |value| that is drawn in the full colour

  std::string text(double value) const;
};

/// The fewest decimals, up to two, that tell the values; the letters fit cells of that size.
Numbers choose_numbers(std::span<const double> values, double cell);
/// What cells need for numbers of these values to be read without effort.
double comfortable_cell(std::span<const double> values);

/// Indices first..last of an axis that are drawn; others may lie beyond.
struct Span {
  std::int64_t first = 0;
  std::int64_t last = 0;
  bool more_before = false;
  bool more_after = false;

  std::int64_t count() const noexcept { return last - first + 1; }
  bool contains(std::int64_t index) const noexcept { return index >= first && index <= last; }
};

/// At most `limit` of first..last, among them as many of from..to as there can be, in the middle.
Span choose_span(std::int64_t first, std::int64_t last, std::int64_t from, std::int64_t to,
                 std::int64_t limit);

/// How one cell looks.
struct Cell {
  std::optional<double> value = {};  ///< nothing: an empty cell
  bool padding = false;              ///< hatched
  bool gap = false;                  ///< a zero between the values of a strided input
  bool border = false;               ///< read from elsewhere: hatched over its value
  bool unread = false;               ///< crossed out
  bool faint = false;
  std::string corner = {};  ///< small, at the lower right: the weight that it meets
  /// Which element of its grid's tensor this is, row-major.
  std::optional<std::int64_t> element = {};
};

struct Grid {
  Point at;
  double cell = 24;
  Span rows;
  Span columns;
  Numbers numbers;
  Role role = Role::none;  ///< whose colour the frame has
  double opacity = 1;
  Dash frame = Dash::solid;

  Rect rect() const noexcept;
  /// Of one cell; may lie outside.
  Rect cell_rect(std::int64_t row, std::int64_t column) const noexcept;
  /// Of the cells (row0, column0)..(row1, column1), cut off at the grid.
  Rect block(std::int64_t row0, std::int64_t column0, std::int64_t row1,
             std::int64_t column1) const noexcept;
};

/// Draws cells, frame, and at cut edges the sign that there is more.
void draw(Pen& pen, const Grid& grid,
          const std::function<Cell(std::int64_t row, std::int64_t column)>& cell_at);

}  // namespace conv2d::diagram

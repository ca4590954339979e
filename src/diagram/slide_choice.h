// What of a layer is shown when there is not room for all: which channels, filters, rows, columns.
#pragma once

#include "diagram/cells.h"
#include "diagram/subject.h"

#include <conv2d/explain.h>

#include <cstdint>
#include <string>
#include <vector>

namespace conv2d::diagram {

/// A row of the picture: a channel, or the sign for those that are left out.
struct ChannelRow {
  std::int64_t channel = 0;
  std::int64_t skipped = 0;
};

struct SlideChoice {
  std::vector<ChannelRow> channels;   ///< of the input
  std::vector<std::int64_t> filters;  ///< output channels
  double cell = 28;
  std::int64_t window_row = 0;  ///< the first position of the window
  std::int64_t window_column = 0;
  Span rows;  ///< positions of the input
  Span columns;
  Span taps_down;
  Span taps_across;
  Span output_rows;
  Span output_columns;
  Numbers input_numbers;
  Numbers weight_numbers;
  Numbers output_numbers;

  /// Of cells of the chosen size.
  Grid grid(drawing::Point at, const Span& shown_rows, const Span& shown_columns,
            const Numbers& numbers, Role role) const;
  double width_of(const Span& span) const noexcept {
    return static_cast<double>(span.count()) * cell;
  }
};

SlideChoice choose(const Subject& subject, const explain::Index& at);

/// Sentences on what cannot be seen from the cells: what is left out, padding, unread rows.
std::vector<std::string> notes(const Subject& subject, const SlideChoice& choice);

}  // namespace conv2d::diagram

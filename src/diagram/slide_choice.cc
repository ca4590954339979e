#include "diagram/slide_choice.h"

#include "diagram/header.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace conv2d::diagram {
namespace {

constexpr std::int64_t most_channels = 4;
constexpr std::int64_t most_filters = 6;           // all of them
constexpr std::int64_t some_filters = 3;           // of more
constexpr std::int64_t most_positions = 14;        // of an axis, with numbers in the cells
constexpr std::int64_t most_small_positions = 64;  // where the window alone is more
constexpr double most_height = 820;                // of all input planes together
constexpr double smallest_cell = 22;
constexpr double plane_edge = 330;  // of planes without numbers

std::vector<ChannelRow> choose_channels(const Subject& subject, std::int64_t group) {
  std::int64_t first = 0;
  std::int64_t count = subject.in_channels();
  if (count > most_channels && subject.groups > 1) {
    first = group * subject.inputs_per_group();
    count = subject.inputs_per_group();
  }
  std::vector<ChannelRow> rows;
  const std::int64_t kept = count <= most_channels ? count : 2;
  for (std::int64_t i = 0; i < kept; ++i) {
    rows.push_back({first + i});
  }
  if (kept < count) {
    rows.push_back({0, count - kept - 1});
    rows.push_back({first + count - 1});
  }
  return rows;
}

std::vector<std::int64_t> choose_filters(const Subject& subject, std::int64_t channel) {
  std::int64_t first = 0;
  std::int64_t last = subject.out_channels() - 1;
  if (subject.in_channels() > most_channels && subject.groups > 1) {
    first = subject.group_of_output(channel) * subject.outputs_per_group();
    last = first + subject.outputs_per_group() - 1;
  }
  const std::int64_t limit = last - first < most_filters ? most_filters : some_filters;
  const Span span = choose_span(first, last, channel, channel, limit);
  std::vector<std::int64_t> filters(static_cast<std::size_t>(span.count()));
  std::iota(filters.begin(), filters.end(), span.first);
  return filters;
}

struct AxisChoice {
  Span positions;
  Span taps;
  Span outputs;
  std::int64_t window = 0;
};

AxisChoice choose_axis(const Axis& axis, std::int64_t output) {
  AxisChoice choice;
  choice.window = axis.position(output, axis.transposed ? axis.size.kernel - 1 : 0);
  const std::int64_t last = choice.window + axis.size.extent - 1;
  const std::int64_t limit = std::clamp(axis.size.extent + 2, most_positions, most_small_positions);
  choice.positions = choose_span(axis.first(), axis.last(), choice.window, last, limit);
  choice.taps = choose_span(0, axis.size.kernel - 1, 0, axis.size.kernel - 1, most_small_positions);
  choice.outputs = choose_span(0, axis.size.output - 1, output, output, most_positions);
  return choice;
}

double choose_cell(const Subject& subject, const SlideChoice& choice) {
  const std::int64_t most = std::max({choice.rows.count(), choice.columns.count(),
                                      choice.taps_down.count(), choice.taps_across.count()});
  if (most > most_positions + 2) {
    return std::max(4.0, plane_edge / static_cast<double>(most));
  }
  const double wish =
      std::max({comfortable_cell(subject.input.values), comfortable_cell(subject.weight),
                comfortable_cell(subject.output.values)});
  std::int64_t planes = 0;
  for (const ChannelRow& row : choice.channels) {
    planes += row.skipped > 0 ? 0 : 1;
  }
  const double fits = most_height / static_cast<double>(planes * choice.rows.count());
  return std::clamp(fits, std::min(smallest_cell, wish), wish);
}

std::string list(const std::vector<explain::Range>& ranges) {
  std::string text;
  for (const explain::Range& range : ranges) {
    text += (text.empty() ? "" : ", ") + std::to_string(range.first) +
            (range.last > range.first ? "\u2013" + std::to_string(range.last) : "");
  }
  return text;
}

void note_unread(std::vector<std::string>& sentences, const Axis& axis, const std::string& what) {
  if (axis.size.unread_count > 0) {
    sentences.push_back("No output reads " + what + (axis.size.unread_count > 1 ? "s " : " ") +
                        list(axis.size.unread) + " of the input: crossed out.");
  }
}

std::string note_on_padding(PaddingMode mode) {
  switch (mode) {
    case PaddingMode::reflect:
      return "Hatched: beyond the border, read from the input by reflect: mirrored at its edge, "
             "which is not repeated. Arrows say from which row and column.";
    case PaddingMode::replicate:
      return "Hatched: beyond the border, read from the input by replicate: its edge, again and "
             "again. Arrows say from which row and column.";
    case PaddingMode::circular:
      return "Hatched: beyond the border, read from the input by circular: its other end. Arrows "
             "say from which row and column.";
    case PaddingMode::zeros:
      break;
  }
  return "Hatched: padding. Its zeros add nothing, so they are left out of the sum.";
}

void note_on_transposition(std::vector<std::string>& sentences, const Subject& subject) {
  if (subject.transposed()) {
    const bool gaps = subject.rows.size.stride > 1 || subject.columns.size.stride > 1;
    sentences.push_back(std::string("A transposed layer read as a convolution: ") +
                        (gaps ? "zeros between the inputs, " : "") +
                        "stride 1, and its filters turned by 180\u00B0, as they are drawn here.");
  }
}

void note_what_is_left_out(std::vector<std::string>& sentences, const Subject& subject,
                           const SlideChoice& choice) {
  if (choice.rows.more_before || choice.rows.more_after || choice.columns.more_before ||
      choice.columns.more_after) {
    sentences.push_back(
        "Dotted edges: the plane goes on; rows " + std::to_string(choice.rows.first) + " to " +
        std::to_string(choice.rows.last) + " and columns " + std::to_string(choice.columns.first) +
        " to " + std::to_string(choice.columns.last) + " are shown.");
  }
  if (static_cast<std::int64_t>(choice.filters.size()) < subject.out_channels()) {
    sentences.push_back(counted(static_cast<std::int64_t>(choice.filters.size()), "filter") +
                        " of " + std::to_string(subject.out_channels()) + " are shown.");
  }
  if (choice.input_numbers.decimals > 0 || choice.output_numbers.decimals > 0 ||
      choice.weight_numbers.decimals > 0) {
    sentences.emplace_back("Numbers in cells are rounded; those of the sum are exact.");
  }
}

}  // namespace

Grid SlideChoice::grid(Point at, const Span& shown_rows, const Span& shown_columns,
                       const Numbers& numbers, Role role) const {
  return {.at = at,
          .cell = cell,
          .rows = shown_rows,
          .columns = shown_columns,
          .numbers = numbers,
          .role = role};
}

SlideChoice choose(const Subject& subject, const explain::Index& at) {
  SlideChoice choice;
  choice.channels = choose_channels(subject, subject.group_of_output(at.channel));
  choice.filters = choose_filters(subject, at.channel);
  const AxisChoice rows = choose_axis(subject.rows, at.row);
  const AxisChoice columns = choose_axis(subject.columns, at.column);
  choice.window_row = rows.window;
  choice.window_column = columns.window;
  choice.rows = rows.positions;
  choice.columns = columns.positions;
  choice.taps_down = rows.taps;
  choice.taps_across = columns.taps;
  choice.output_rows = rows.outputs;
  choice.output_columns = columns.outputs;
  choice.cell = choose_cell(subject, choice);
  std::vector<double> weights = subject.weight;
  weights.insert(weights.end(), subject.bias.begin(), subject.bias.end());
  choice.input_numbers = choose_numbers(subject.input.values, choice.cell);
  choice.weight_numbers = choose_numbers(weights, choice.cell);
  choice.output_numbers = choose_numbers(subject.output.values, choice.cell);
  return choice;
}

std::vector<std::string> notes(const Subject& subject, const SlideChoice& choice) {
  std::vector<std::string> sentences;
  note_on_transposition(sentences, subject);
  if (subject.rows.has_padding() || subject.columns.has_padding()) {
    sentences.push_back(note_on_padding(subject.rows.mode));
  }
  note_unread(sentences, subject.rows, "row");
  note_unread(sentences, subject.columns, "column");
  note_what_is_left_out(sentences, subject, choice);
  return sentences;
}

}  // namespace conv2d::diagram

// The layer as a product of two matrices: filters, one a row, times windows, one a column.
#include "diagram/cells.h"
#include "diagram/elements.h"
#include "diagram/equation.h"
#include "diagram/header.h"
#include "diagram/pen.h"
#include "diagram/slide_choice.h"
#include "diagram/views.h"
#include "diagram/words.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace conv2d::diagram {
namespace {

class Im2col {
 public:
  Im2col(const Subject& subject, const Options& options)
      : subject_(subject),
        options_(options),
        sum_(subject.explanation.output(options.at)),
        pen_(options.theme) {
    const std::int64_t taps = subject.inputs_per_group() * kernel();
    const std::int64_t windows = subject.output.rows * subject.output.columns;
    const std::int64_t window = options.at.row * subject.output.columns + options.at.column;
    taps_ = choose_span(0, taps - 1, 0, 0, most_taps);
    windows_ = choose_span(0, windows - 1, window, window, most_windows);
    const std::int64_t first = sum_.group * subject.outputs_per_group();
    filters_ = choose_span(first, first + subject.outputs_per_group() - 1, options.at.channel,
                           options.at.channel, most_filters);
  }

  Drawing draw() {
    place(draw_header(pen_, subject_) + 34);
    draw_input();
    draw_weights();
    draw_windows();
    draw_outputs();
    const double below = draw_words(outputs_.rect().bottom() + 30);
    const double right =
        std::max({windows_grid_.rect().right() + margin,
                  outputs_.at.x + text_width(outputs_title(), label_size, true) + margin,
                  header_width(subject_), 680.0});
    return pen_.take(right, below + margin - 10, subject_.layer, description());
  }

 private:
  static constexpr double cell = 25;
  static constexpr double label_size = 10.5;
  static constexpr std::int64_t most_filters = 8;
  static constexpr std::int64_t most_taps = 28;
  static constexpr std::int64_t most_windows = 26;
  static constexpr double gap = 26;
  static constexpr double tap_labels = 62;

  std::int64_t kernel() const { return subject_.rows.size.kernel * subject_.columns.size.kernel; }

  /// Weights at the left of the outputs, windows above them.
  void place(double top) {
    const double weights_width = static_cast<double>(taps_.count()) * cell;
    // Its title ends before that of the outputs begins.
    const double weights_room =
        std::max(weights_width, text_width(weights_title(), label_size, true) - tap_labels + 12);
    const double x = margin + std::max(weights_room, 150.0) + gap + tap_labels;
    const Numbers weights = choose_numbers(subject_.weight, cell);
    windows_grid_ = {.at = {x, top},
                     .cell = cell,
                     .rows = taps_,
                     .columns = windows_,
                     .numbers = choose_numbers(subject_.input.values, cell),
                     .role = Role::input};
    const double below = windows_grid_.rect().bottom() + gap + 12;
    weights_ = {.at = {x - tap_labels - weights_room, below},
                .cell = cell,
                .rows = filters_,
                .columns = taps_,
                .numbers = weights,
                .role = Role::weight};
    outputs_ = {.at = {x, below},
                .cell = cell,
                .rows = filters_,
                .columns = windows_,
                .numbers = choose_numbers(subject_.output.values, cell),
                .role = Role::output};
  }

  struct Tap {
    std::int64_t channel;
    std::int64_t r;
    std::int64_t s;
  };
  Tap tap(std::int64_t row) const {
    return {sum_.group * subject_.inputs_per_group() + row / kernel(),
            row % kernel() / subject_.columns.size.kernel, row % subject_.columns.size.kernel};
  }
  explain::Index output(std::int64_t column) const {
    return {.channel = options_.at.channel,
            .row = column / subject_.output.columns,
            .column = column % subject_.output.columns};
  }
  std::int64_t this_window() const {
    return options_.at.row * subject_.output.columns + options_.at.column;
  }
  bool is_there(std::int64_t filter, std::int64_t window) const {
    return !options_.stepping || filter < options_.at.channel ||
           (filter == options_.at.channel && window <= this_window());
  }

  void title(const Grid& grid, const std::string& words, Role role) {
    pen_.text({grid.at.x, grid.at.y - 8}, words, label_size, pen_.palette().text_of(role),
              Align::left, true);
  }

  void mark(const Rect& rect, Role role) {
    pen_.add(Box{.rect = rect, .stroke = pen_.palette().of(role), .stroke_width = 3, .radius = 2});
  }

  /// What is read at a position of the rows and one of the columns.
  Cell input_cell(std::int64_t channel, std::int64_t row, std::int64_t column) const {
    Cell shown = input_element(subject_, channel, subject_.rows.source(row),
                               subject_.columns.source(column));
    shown.padding = !shown.element;
    return shown;
  }

  /// In the corner that the matrices leave: the planes with the window that this column is.
  void draw_input() {
    const SlideChoice choice = choose(subject_, options_.at);
    double y = windows_grid_.at.y;
    for (const ChannelRow& row : choice.channels) {
      Grid plane = {.at = {margin, y},
                    .cell = std::min(choice.cell, 24.0),
                    .rows = choice.rows,
                    .columns = choice.columns,
                    .numbers = choose_numbers(subject_.input.values, std::min(choice.cell, 24.0)),
                    .role = Role::input};
      const bool of_group = row.channel / subject_.inputs_per_group() == sum_.group;
      const bool fits = plane.rect().bottom() < weights_.at.y - 24 &&
                        plane.rect().right() < windows_grid_.at.x - tap_labels;
      if (row.skipped > 0 || !of_group || !fits) {
        continue;
      }
      title(plane, "input, channel " + std::to_string(row.channel), Role::input);
      diagram::draw(pen_, plane,
                    [&](std::int64_t h, std::int64_t w) { return input_cell(row.channel, h, w); });
      mark(plane.block(choice.window_row, choice.window_column,
                       choice.window_row + subject_.rows.size.extent - 1,
                       choice.window_column + subject_.columns.size.extent - 1),
           Role::weight);
      y = plane.rect().bottom() + 28;
    }
  }

  std::string weights_title() const {
    return "weight, " + std::to_string(subject_.outputs_per_group()) + "\u00D7" +
           std::to_string(subject_.inputs_per_group() * kernel());
  }

  void draw_weights() {
    title(weights_, weights_title(), Role::weight);
    diagram::draw(pen_, weights_, [&](std::int64_t filter, std::int64_t row) {
      const Tap at = tap(row);
      return weight_element(subject_, at.channel, filter, at.r, at.s);
    });
    mark(weights_.block(options_.at.channel, taps_.first, options_.at.channel, taps_.last),
         Role::weight);
  }

  void draw_windows() {
    title(windows_grid_,
          "im2col, " + std::to_string(subject_.inputs_per_group() * kernel()) + "\u00D7" +
              std::to_string(subject_.output.rows * subject_.output.columns),
          Role::input);
    diagram::draw(pen_, windows_grid_, [&](std::int64_t row, std::int64_t column) {
      const Tap at = tap(row);
      const explain::Index where = output(column);
      return input_cell(at.channel, subject_.rows.position(where.row, at.r),
                        subject_.columns.position(where.column, at.s));
    });
    for (std::int64_t row = taps_.first; row <= taps_.last; ++row) {
      const Tap at = tap(row);
      const Rect rect = windows_grid_.cell_rect(row, windows_.first);
      pen_.quiet({rect.x - 8, rect.center().y + 3.5},
                 std::to_string(at.channel) + " (" + std::to_string(at.r) + ", " +
                     std::to_string(at.s) + ")",
                 9, Align::right);
    }
    mark(windows_grid_.block(taps_.first, this_window(), taps_.last, this_window()), Role::weight);
  }

  std::string outputs_title() const {
    return "output, " + std::to_string(subject_.outputs_per_group()) + "\u00D7" +
           std::to_string(subject_.output.rows * subject_.output.columns) +
           (subject_.bias.empty() ? "" : ", the bias added");
  }

  void draw_outputs() {
    title(outputs_, outputs_title(), Role::output);
    diagram::draw(pen_, outputs_, [&](std::int64_t filter, std::int64_t column) {
      explain::Index where = output(column);
      where.channel = filter;
      return output_element(subject_, where, is_there(filter, column));
    });
    for (std::int64_t column = windows_.first; column <= windows_.last; ++column) {
      const explain::Index where = output(column);
      const Rect rect = outputs_.cell_rect(filters_.last, column);
      pen_.quiet({rect.center().x, rect.bottom() + 13},
                 std::to_string(where.row) + "," + std::to_string(where.column), 8, Align::center);
    }
    mark(outputs_.cell_rect(options_.at.channel, this_window()), Role::output);
  }

  double draw_words(double y) {
    const double width =
        std::max(windows_grid_.rect().right(), header_width(subject_) - margin) - margin;
    y = draw_equation(pen_, {margin, y}, width, sum_);
    return draw_sentences(pen_, {margin, y}, width, notes());
  }

  std::vector<std::string> notes() const {
    const explain::Cost cost = subject_.explanation.cost();
    std::vector<std::string> sentences = {
        "Each column of im2col is a window, each row a tap: channel (row, column of the kernel). A "
        "row of the weight times a column gives the output where they cross. The matrix would "
        "take " +
        counted(cost.im2col_bytes, "byte") + " where the input takes " +
        counted(cost.input_bytes, "byte") + "; this library never makes it."};
    if (subject_.groups > 1) {
      sentences.push_back("Group " + std::to_string(sum_.group) + " of " +
                          std::to_string(subject_.groups) + ": each has such matrices of its own.");
    }
    if (taps_.more_after || windows_.more_before || windows_.more_after || filters_.more_before ||
        filters_.more_after) {
      sentences.emplace_back("Dotted edges: the matrices go on.");
    }
    return sentences;
  }

  std::string description() const {
    return "Output " + std::to_string(options_.at.channel) + ", " +
           std::to_string(options_.at.row) + ", " + std::to_string(options_.at.column) +
           " is row " + std::to_string(options_.at.channel) + " of the weight times column " +
           std::to_string(this_window()) + " of im2col: " + exact(sum_.value, sum_.dtype) + ".";
  }

  const Subject& subject_;
  const Options& options_;
  explain::OutputSum sum_;
  Pen pen_;
  Span taps_;
  Span windows_;
  Span filters_;
  Grid windows_grid_;
  Grid weights_;
  Grid outputs_;
};

}  // namespace

Drawing draw_im2col(const Subject& subject, const Options& options) {
  return Im2col(subject, options).draw();
}

}  // namespace conv2d::diagram

// The layer as one sparse matrix: y = C x + bias.
#include "diagram/cells.h"
#include "diagram/elements.h"
#include "diagram/equation.h"
#include "diagram/header.h"
#include "diagram/pen.h"
#include "diagram/views.h"
#include "diagram/words.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace conv2d::diagram {
namespace {

class Matrix {
 public:
  Matrix(const Subject& subject, const Options& options)
      : subject_(subject),
        options_(options),
        sum_(subject.explanation.output(options.at)),
        pen_(options.theme) {
    const auto [first, last] = entries_reach();
    rows_ = choose_span(0, subject.output.count * plane() - 1, this_row(), this_row(), most_rows);
    columns_ = choose_span(0, static_cast<std::int64_t>(subject.input.values.size()) - 1, first,
                           last, most_columns);
    cell_ = std::clamp(widest / static_cast<double>(columns_.count()), 12.0, 26.0);
    for (std::int64_t row = rows_.first; row <= rows_.last; ++row) {
      entries_.push_back(entries(row));
    }
  }

  Drawing draw() {
    place(draw_header(pen_, subject_) + 40);
    draw_input();
    draw_matrix();
    draw_output();
    const double below = draw_words(matrix_.rect().bottom() + 32);
    const double right =
        std::max({output_.rect().right() + margin + 12, header_width(subject_), 680.0});
    return pen_.take(right, below + margin - 10, subject_.layer, description());
  }

 private:
  static constexpr std::int64_t most_columns = 80;
  static constexpr std::int64_t most_rows = 48;
  static constexpr double gap = 30;
  static constexpr double widest = 1150;
  static constexpr double title_size = 10.5;

  std::int64_t plane() const { return subject_.output.rows * subject_.output.columns; }
  std::int64_t this_row() const {
    return options_.at.channel * plane() + options_.at.row * subject_.output.columns +
           options_.at.column;
  }
  explain::Index output_of(std::int64_t row) const {
    return {.channel = row / plane(),
            .row = row % plane() / subject_.output.columns,
            .column = row % subject_.output.columns};
  }
  std::int64_t column_of(const explain::Index& input) const {
    return (input.channel * subject_.input.rows + input.row) * subject_.input.columns +
           input.column;
  }

  std::pair<std::int64_t, std::int64_t> entries_reach() const {
    std::int64_t first = 0;
    std::int64_t last = 0;
    bool any = false;
    for (const explain::Term& term : sum_.terms) {
      if (term.counts()) {
        const std::int64_t column = column_of(term.input);
        first = any ? std::min(first, column) : column;
        last = any ? std::max(last, column) : column;
        any = true;
      }
    }
    return {first, last};
  }

  void place(double top) {
    const std::vector<double>& x = subject_.input.values;
    input_ = grid({margin, top}, {0, 0}, columns_, choose_numbers(x, cell_), Role::input);
    matrix_ = grid({margin, top + cell_ + gap}, rows_, columns_,
                   choose_numbers(entry_values(), cell_), Role::weight);
    const double title_end = margin + text_width(matrix_title(), title_size, true);
    output_ = grid({std::max(matrix_.rect().right(), title_end) + gap, matrix_.at.y}, rows_, {0, 0},
                   choose_numbers(subject_.output.values, std::max(cell_, 26.0)), Role::output);
  }

  Grid grid(Point at, const Span& rows, const Span& columns, const Numbers& numbers,
            Role role) const {
    return {.at = at,
            .cell = cell_,
            .rows = rows,
            .columns = columns,
            .numbers = numbers,
            .role = role};
  }

  void title(const Point& at, const std::string& words, Role role) {
    pen_.text({at.x, at.y - 8}, words, title_size, pen_.palette().text_of(role), Align::left, true);
  }

  void draw_input() {
    title(input_.at, "x: the input, laid out in a row of " + counted(input_elements(), "element"),
          Role::input);
    diagram::draw(pen_, input_, [&](std::int64_t, std::int64_t column) {
      return Cell{.value = subject_.input.values[static_cast<std::size_t>(column)],
                  .element = column};
    });
    for (const explain::Term& term : sum_.terms) {
      const std::int64_t column = term.counts() ? column_of(term.input) : -1;
      if (columns_.contains(column)) {
        pen_.add(Box{.rect = input_.cell_rect(0, column),
                     .stroke = pen_.palette().of(Role::weight),
                     .stroke_width = 2});
      }
    }
  }

  std::string matrix_title() const {
    return "C: " + std::to_string(subject_.output.count * plane()) + "\u00D7" +
           std::to_string(input_elements()) + ", a row for each output";
  }

  std::int64_t input_elements() const {
    return static_cast<std::int64_t>(subject_.input.values.size());
  }

  /// By input element; in border modes one may be read several times, and several weights are
  /// added up that are then no element by themselves.
  std::map<std::int64_t, Cell> entries(std::int64_t row) const {
    std::map<std::int64_t, Cell> found;
    const explain::Index at = output_of(row);
    subject_.explanation.for_each_term(at, [&](const explain::Term& term) {
      if (term.counts()) {
        const auto [entry, first] = found.try_emplace(
            column_of(term.input),
            weight_element(subject_, term.channel, at.channel, term.weight.r, term.weight.s));
        if (!first) {
          *entry->second.value += term.weight_value.real();
          entry->second.element.reset();
        }
      }
      return true;
    });
    return found;
  }

  /// Weights, and sums of them.
  std::vector<double> entry_values() const {
    std::vector<double> values = subject_.weight;
    for (const auto& row : entries_) {
      for (const auto& [column, cell] : row) {
        values.push_back(*cell.value);
      }
    }
    return values;
  }

  void draw_matrix() {
    title(matrix_.at, matrix_title(), Role::weight);
    diagram::draw(pen_, matrix_, [&](std::int64_t row, std::int64_t column) {
      const auto& entries_of_row = entries_[static_cast<std::size_t>(row - rows_.first)];
      const auto found = entries_of_row.find(column);
      return found == entries_of_row.end() ? Cell{} : found->second;
    });
    pen_.add(Box{.rect = matrix_.block(this_row(), columns_.first, this_row(), columns_.last),
                 .stroke = pen_.palette().of(Role::weight),
                 .stroke_width = 2.5,
                 .radius = 2});
  }

  void draw_output() {
    title(output_.at, "y", Role::output);
    diagram::draw(pen_, output_, [&](std::int64_t row, std::int64_t) {
      return output_element(subject_, output_of(row), !options_.stepping || row <= this_row());
    });
    pen_.add(Box{.rect = output_.cell_rect(this_row(), 0),
                 .stroke = pen_.palette().of(Role::output),
                 .stroke_width = 3,
                 .radius = 2});
  }

  double draw_words(double y) {
    const double width = std::max(output_.rect().right(), header_width(subject_) - margin) - margin;
    y = draw_equation(pen_, {margin, y}, width, sum_);
    return draw_sentences(pen_, {margin, y}, width, notes());
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> sentences = {
        "Empty cells are zeros: the same few weights stand in every row, moved on. A row times x" +
        std::string(subject_.bias.empty() ? "" : ", and the bias,") + " is an output."};
    sentences.emplace_back(
        subject_.transposed()
            ? "It is the transpose of the matrix of the Conv2d with the same weights."
            : "Its transpose is the matrix of the ConvTranspose2d with the same weights.");
    if (rows_.more_before || rows_.more_after || columns_.more_before || columns_.more_after) {
      sentences.emplace_back("Dotted edges: the matrix goes on.");
    }
    return sentences;
  }

  std::string description() const {
    return "Row " + std::to_string(this_row()) + " of the layer's matrix times the input gives " +
           exact(sum_.value, sum_.dtype) + " from " + counted(sum_.counting, "product") +
           (sum_.has_bias ? " and the bias." : ".");
  }

  const Subject& subject_;
  const Options& options_;
  explain::OutputSum sum_;
  Pen pen_;
  Span rows_;
  Span columns_;
  double cell_ = 20;
  std::vector<std::map<std::int64_t, Cell>> entries_;  ///< of the rows that are shown
  Grid input_;
  Grid matrix_;
  Grid output_;
};

}  // namespace

Drawing draw_matrix(const Subject& subject, const Options& options) {
  return Matrix(subject, options).draw();
}

}  // namespace conv2d::diagram

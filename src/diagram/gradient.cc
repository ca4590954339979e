// How the gradients of input, weight and bias add up, output by output.
#include "diagram/cells.h"
#include "diagram/equation.h"
#include "diagram/header.h"
#include "diagram/pen.h"
#include "diagram/slide_choice.h"
#include "diagram/views.h"
#include "diagram/words.h"

#include <conv2d/random.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace conv2d::diagram {
namespace {

/// Small whole numbers other than zero: the gradient of some loss with respect to each output.
Planes example_gradient(const Planes& output) {
  constexpr std::array<double, 4> numbers = {-2, -1, 1, 2};
  Planes gradient{output.count, output.rows, output.columns, output.values};
  Generator generator(7);
  for (double& value : gradient.values) {
    value = numbers.at(generator.next() % numbers.size());
  }
  return gradient;
}

class GradientView {
 public:
  GradientView(const Subject& subject, const Options& options)
      : subject_(subject),
        options_(options),
        sum_(subject.explanation.output(options.at)),
        choice_(choose(subject, options.at)),
        output_gradient_(example_gradient(subject.output)),
        pen_(options.theme) {
    Planes so_far = output_gradient_;
    for_each_output(
        [&](const explain::Index& at, double& value) { value = is_there(at) ? value : 0; }, so_far);
    gradients_ = subject.backward(so_far);
    input_numbers_ = choose_numbers(gradients_.input.values, choice_.cell);
    weight_numbers_ = choose_numbers(gradients_.weight, choice_.cell);
    output_numbers_ = choose_numbers(output_gradient_.values, choice_.cell);
  }

  Drawing draw() {
    place(draw_header(pen_, subject_) + 16 + label_room);
    for (std::size_t row = 0; row < choice_.channels.size(); ++row) {
      draw_row(row);
    }
    draw_bias();
    draw_output_gradient();
    const double below = draw_words(bottom_ + 24);
    return pen_.take(right_ + margin, below + margin - 8, subject_.layer, description());
  }

 private:
  static constexpr double label_size = 11;
  static constexpr double label_room = 20;
  static constexpr double row_gap = 16;
  static constexpr double gap = 40;
  static constexpr double label_gap = 12;  // between words side by side

  template <class Each>
  void for_each_output(const Each& each, Planes& planes) const {
    for (std::int64_t k = 0; k < planes.count; ++k) {
      for (std::int64_t p = 0; p < planes.rows; ++p) {
        for (std::int64_t q = 0; q < planes.columns; ++q) {
          each(explain::Index{.channel = k, .row = p, .column = q}, planes.at(k, p, q));
        }
      }
    }
  }

  bool is_there(const explain::Index& index) const {
    const explain::Index& at = options_.at;
    return !options_.stepping || std::tuple(index.channel, index.row, index.column) <=
                                     std::tuple(at.channel, at.row, at.column);
  }

  double widest_label() const {
    double widest = 0;
    for (const ChannelRow& row : choice_.channels) {
      widest = std::max(widest, text_width(input_gradient_label(row.channel), label_size, true));
    }
    return widest;
  }

  static std::string input_gradient_label(std::int64_t channel) {
    return "dX, channel " + std::to_string(channel);
  }

  void place(double top) {
    const double plane = choice_.width_of(choice_.columns);
    const double slice = std::max(choice_.width_of(choice_.taps_across), 92.0);
    input_x_ = margin;
    const double step = std::max(plane + gap, widest_label() + label_gap);
    input_gradient_x_ = input_x_ + step;
    weight_x_ = input_gradient_x_ + step + 16;
    weight_gradient_x_ = weight_x_ + slice + gap;
    output_x_ = weight_gradient_x_ + slice + gap + 16;
    right_ = std::max({output_x_ + std::max(choice_.width_of(choice_.output_columns), 130.0),
                       header_width(subject_) - margin, 680.0});
    tops_.clear();
    double y = top;
    for (const ChannelRow& row : choice_.channels) {
      tops_.push_back(y);
      y += row.skipped > 0
               ? label_room + row_gap
               : std::max(choice_.width_of(choice_.rows), choice_.width_of(choice_.taps_down)) +
                     label_room + row_gap;
    }
    bias_y_ = y - 4;
    const double outputs = static_cast<double>(choice_.filters.size()) *
                           (choice_.width_of(choice_.output_rows) + label_room + row_gap);
    bottom_ = std::max(bias_y_ + (subject_.bias.empty() ? 0 : 14), top + outputs);
  }

  void label(const Grid& grid, const std::string& words, Role role) {
    pen_.text({grid.at.x, grid.at.y - 6}, words, label_size, pen_.palette().text_of(role),
              Align::left, true);
  }

  void draw_row(std::size_t row) {
    const ChannelRow& shown = choice_.channels[row];
    if (shown.skipped > 0) {
      pen_.quiet({input_x_, tops_[row] + 4},
                 "\u2026 " + counted(shown.skipped, "channel") + " more", label_size);
      return;
    }
    const std::int64_t channel = shown.channel;
    const bool of_group = channel / subject_.inputs_per_group() == sum_.group;
    const Grid x = choice_.grid({input_x_, tops_[row]}, choice_.rows, choice_.columns,
                                choice_.input_numbers, Role::input);
    label(x, "x, channel " + std::to_string(channel), Role::input);
    draw_plane(x, subject_.input, channel);
    const Grid dx = choice_.grid({input_gradient_x_, tops_[row]}, choice_.rows, choice_.columns,
                                 input_numbers_, Role::gradient);
    label(dx, input_gradient_label(channel), Role::gradient);
    draw_plane(dx, gradients_.input, channel);
    if (of_group) {
      mark_window(x, Role::weight, channel);
      mark_window(dx, Role::gradient, channel);
      draw_slices(row, channel);
    }
  }

  void draw_plane(const Grid& cells, const Planes& planes, std::int64_t channel) {
    diagram::draw(pen_, cells, [&](std::int64_t row, std::int64_t column) {
      const std::int64_t h = subject_.rows.source(row);
      const std::int64_t w = subject_.columns.source(column);
      const bool inside = subject_.rows.kind(row) == explain::TermKind::input &&
                          subject_.columns.kind(column) == explain::TermKind::input;
      Cell cell;
      cell.padding = !inside;
      if (inside) {
        cell.value = planes.at(channel, h, w);
      }
      return cell;
    });
  }

  void mark_window(const Grid& cells, Role role, std::int64_t channel) {
    for (const explain::Term& term : sum_.terms) {
      if (term.channel != channel || !term.counts()) {
        continue;
      }
      // Where the input itself is drawn: a border mode reads it through the border.
      const std::int64_t row = subject_.transposed() ? term.row : term.input.row;
      const std::int64_t column = subject_.transposed() ? term.column : term.input.column;
      if (cells.rows.contains(row) && cells.columns.contains(column)) {
        pen_.add(Box{.rect = cells.cell_rect(row, column),
                     .stroke = pen_.palette().of(role),
                     .stroke_width = 2.2});
      }
    }
  }

  void draw_slices(std::size_t row, std::int64_t channel) {
    const double y =
        tops_[row] +
        std::max(0.0, choice_.width_of(choice_.rows) - choice_.width_of(choice_.taps_down)) / 2;
    const std::string filter = "filter " + std::to_string(options_.at.channel);
    const Grid w = choice_.grid({weight_x_, y}, choice_.taps_down, choice_.taps_across,
                                choice_.weight_numbers, Role::weight);
    label(w, "w, " + filter, Role::weight);
    diagram::draw(pen_, w, [&](std::int64_t r, std::int64_t s) {
      return Cell{.value = subject_.weight_at(channel, options_.at.channel, r, s)};
    });
    const Grid dw = choice_.grid({weight_gradient_x_, y}, choice_.taps_down, choice_.taps_across,
                                 weight_numbers_, Role::gradient);
    label(dw, "dW, " + filter, Role::gradient);
    diagram::draw(pen_, dw, [&](std::int64_t r, std::int64_t s) {
      return Cell{.value = gradients_.weight[static_cast<std::size_t>(
                      subject_.weight_element(channel, options_.at.channel, r, s))]};
    });
    for (const explain::Term& term : sum_.terms) {
      if (term.channel == channel && term.counts() && dw.rows.contains(term.r) &&
          dw.columns.contains(term.s)) {
        pen_.add(Box{.rect = dw.cell_rect(term.r, term.s),
                     .stroke = pen_.palette().of(Role::gradient),
                     .stroke_width = 2.2});
      }
    }
  }

  void draw_bias() {
    if (subject_.bias.empty()) {
      return;
    }
    const auto k = static_cast<std::size_t>(options_.at.channel);
    pen_.add(
        Text{{weight_gradient_x_, bias_y_},
             {{"db ", pen_.palette().quiet_ink},
              {Numbers{}.text(gradients_.bias[k]), pen_.palette().text_of(Role::gradient), true}},
             label_size + 1});
  }

  void draw_output_gradient() {
    double y = tops_.front();
    for (const std::int64_t k : choice_.filters) {
      const Grid cells = choice_.grid({output_x_, y}, choice_.output_rows, choice_.output_columns,
                                      output_numbers_, Role::gradient);
      label(cells, "dY, channel " + std::to_string(k), Role::gradient);
      diagram::draw(pen_, cells, [&](std::int64_t row, std::int64_t column) {
        Cell cell;
        if (is_there({.channel = k, .row = row, .column = column})) {
          cell.value = output_gradient_.at(k, row, column);
        }
        return cell;
      });
      if (k == options_.at.channel) {
        pen_.add(Box{.rect = cells.cell_rect(options_.at.row, options_.at.column),
                     .stroke = pen_.palette().of(Role::gradient),
                     .stroke_width = 3.5,
                     .radius = 2});
      }
      y += choice_.width_of(choice_.output_rows) + label_room + row_gap;
    }
  }

  double here() const {
    return output_gradient_.at(options_.at.channel, options_.at.row, options_.at.column);
  }

  double draw_words(double y) {
    const Palette& palette = pen_.palette();
    const std::string dy = Numbers{}.text(here());
    const Run gradient = {here() < 0 ? "(" + dy + ")" : dy, palette.text_of(Role::gradient)};
    const auto line = [&](const std::string& target, const std::string& factor, Role role) {
      y = pen_.paragraph({margin, y},
                         {{target, palette.text_of(Role::gradient), true},
                          {" grows by ", palette.quiet_ink},
                          {factor, palette.text_of(role)},
                          {factor.empty() ? "" : " \u00B7 ", palette.ink},
                          gradient},
                         12, right_ - margin, 18) +
          19;
    };
    line("dX", "w", Role::weight);
    line("dW", "x", Role::input);
    if (!subject_.bias.empty()) {
      line("db", "", Role::none);
    }
    return draw_sentences(pen_, {margin, y}, right_ - margin, notes());
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> sentences = {
        std::string(
            "dY is the gradient of a loss with respect to each output. Every output sends its "
            "own back along its products: to each input times the weight that it met, to each "
            "weight times that input. ") +
        (options_.stepping
             ? "Shown is the sum of all outputs up to this one."
             : "Shown is the sum of all outputs; the cells of this one are outlined.")};
    for (std::string& note : diagram::notes(subject_, choice_)) {
      if (note.rfind("Hatched", 0) != 0) {
        sentences.push_back(std::move(note));
      }
    }
    return sentences;
  }

  std::string description() const {
    const explain::Index& at = options_.at;
    return "The gradient " + Numbers{}.text(here()) + " of output " + std::to_string(at.channel) +
           ", " + std::to_string(at.row) + ", " + std::to_string(at.column) + " goes back along " +
           counted(sum_.counting, "product") + " to the inputs and the weights.";
  }

  const Subject& subject_;
  const Options& options_;
  explain::OutputSum sum_;
  SlideChoice choice_;
  Planes output_gradient_;
  LayerGradients gradients_;
  Numbers input_numbers_;
  Numbers weight_numbers_;
  Numbers output_numbers_;
  Pen pen_;
  std::vector<double> tops_;
  double input_x_ = 0;
  double input_gradient_x_ = 0;
  double weight_x_ = 0;
  double weight_gradient_x_ = 0;
  double output_x_ = 0;
  double bias_y_ = 0;
  double bottom_ = 0;
  double right_ = 0;
};

}  // namespace

Drawing draw_gradient(const Subject& subject, const Options& options) {
  return GradientView(subject, options).draw();
}

}  // namespace conv2d::diagram

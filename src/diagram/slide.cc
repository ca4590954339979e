// The window over the input, the filters, the sums of the channels, the outputs.
#include "diagram/border_arcs.h"
#include "diagram/cells.h"
#include "diagram/elements.h"
#include "diagram/equation.h"
#include "diagram/header.h"
#include "diagram/pen.h"
#include "diagram/slide_choice.h"
#include "diagram/views.h"
#include "diagram/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace conv2d::diagram {
namespace {

/// Where each part of the picture stands.
struct Places {
  double top = 0;
  double input_x = 0;
  double filter_x = 0;
  double filter_step = 0;
  double sum_x = 0;
  double output_x = 0;
  double row_height = 0;
  double output_row_height = 0;
  double right = 0;
  double bottom = 0;
};

class Slide {
 public:
  Slide(const Subject& subject, const Options& options)
      : subject_(subject),
        options_(options),
        sum_(subject.explanation.output(options.at)),
        choice_(choose(subject, options.at)),
        arc_room_(room_for_arcs(subject)),
        pen_(options.theme) {
    for (const explain::Term& term : sum_.terms) {
      terms_[{term.channel, term.row, term.column}] = &term;
    }
  }

  Drawing draw() {
    place(draw_header(pen_, subject_) + 14);
    draw_groups();
    draw_inputs();
    draw_filters();
    draw_sums();
    draw_outputs();
    const double below = draw_words(places_.bottom + 26);
    return pen_.take(places_.right + margin, below + margin, subject_.layer, description());
  }

 private:
  static constexpr double label_size = 11;
  static constexpr double label_room = 20;
  static constexpr double row_gap = 14;
  static constexpr double column_gap = 64;
  static constexpr double filter_gap = 22;
  static constexpr double label_gap = 12;  // between words side by side
  static constexpr double sign_gap = 8;
  static constexpr double chip_width = 74;
  static constexpr double group_room = 10;
  static constexpr double group_label_room = 17;

  // ---- places

  void place(double top) {
    places_.top = top + label_room + arc_room_;
    const double between = label_room + row_gap + (subject_.groups > 1 ? group_label_room : 0);
    places_.row_height =
        std::max(choice_.width_of(choice_.rows), choice_.width_of(choice_.taps_down)) + between +
        arc_room_;
    places_.output_row_height = choice_.width_of(choice_.output_rows) + between;
    const double room = subject_.groups > 1 ? group_room : 0;
    places_.input_x = margin + room + arc_room_;
    places_.filter_x = places_.input_x + std::max(choice_.width_of(choice_.columns) + column_gap,
                                                  widest_label(input_label) + room + label_gap);
    place_filters();
    places_.output_x = places_.sum_x + chip_width + column_gap - 8;
    places_.right = std::max(
        {places_.output_x +
             std::max(choice_.width_of(choice_.output_columns), widest_label(output_label)) + room,
         header_width(subject_) - margin, 620.0});
    double inputs = 0;
    for (const ChannelRow& row : choice_.channels) {
      inputs += row.skipped > 0 ? label_room + row_gap : places_.row_height;
    }
    // Below the last filter stands its bias, and beside it the result.
    inputs += label_room;
    const double outputs = static_cast<double>(choice_.filters.size()) * places_.output_row_height;
    places_.bottom = places_.top + std::max(inputs, outputs);
  }

  /// Of the last channel of all, which has the most digits.
  double widest_label(std::string (*label)(std::int64_t)) const {
    const std::int64_t channels = std::max(subject_.in_channels(), subject_.out_channels());
    return text_width(label(channels - 1), label_size, true);
  }

  /// As far apart as the slices need, and the words above and below them.
  void place_filters() {
    double words = 0;
    double bias = 0;
    for (const std::int64_t k : choice_.filters) {
      words = std::max(words, text_width(filter_label(k), label_size, true));
      bias = std::max(bias, text_width(bias_runs(k), label_size));
    }
    const double slice = choice_.width_of(choice_.taps_across);
    places_.filter_step = std::max({slice + filter_gap, words + label_gap, bias + label_gap});
    const double last =
        places_.filter_x + static_cast<double>(choice_.filters.size() - 1) * places_.filter_step;
    const double sign = text_width(total_sign(), label_size) + sign_gap;
    places_.sum_x = std::max(last + places_.filter_step + 18, last + bias + label_gap + sign);
  }

  double row_top(std::size_t index) const {
    double y = places_.top;
    for (std::size_t row = 0; row < index; ++row) {
      y += choice_.channels[row].skipped > 0 ? label_room + row_gap : places_.row_height;
    }
    return y;
  }

  double filter_left(std::size_t index) const {
    return places_.filter_x + static_cast<double>(index) * places_.filter_step;
  }

  double output_top(std::size_t index) const {
    const double all = static_cast<double>(choice_.filters.size()) * places_.output_row_height;
    const double start = places_.top + std::max(0.0, (places_.bottom - places_.top - all) / 2);
    return start + static_cast<double>(index) * places_.output_row_height;
  }

  Grid input_grid(std::size_t row) const {
    return choice_.grid({places_.input_x, row_top(row)}, choice_.rows, choice_.columns,
                        choice_.input_numbers, Role::input);
  }

  Grid filter_grid(std::size_t row, std::size_t filter) const {
    // In the middle of its row.
    const double lift =
        std::max(0.0, choice_.width_of(choice_.rows) - choice_.width_of(choice_.taps_down)) / 2;
    return choice_.grid({filter_left(filter), row_top(row) + lift}, choice_.taps_down,
                        choice_.taps_across, choice_.weight_numbers, Role::weight);
  }

  Grid output_grid(std::size_t filter) const {
    return choice_.grid({places_.output_x, output_top(filter)}, choice_.output_rows,
                        choice_.output_columns, choice_.output_numbers, Role::output);
  }

  // ---- inputs

  bool of_this_group(std::int64_t channel) const {
    return channel / subject_.inputs_per_group() == sum_.group;
  }

  Cell input_cell(std::int64_t channel, std::int64_t row, std::int64_t column) const {
    const std::int64_t h = subject_.rows.source(row);
    const std::int64_t w = subject_.columns.source(column);
    Cell cell = input_element(subject_, channel, h, w);
    if (!cell.element) {
      const bool outside = subject_.rows.kind(row) == explain::TermKind::padding ||
                           subject_.columns.kind(column) == explain::TermKind::padding;
      (outside ? cell.padding : cell.gap) = true;
    }
    cell.border = subject_.rows.kind(row) == explain::TermKind::border ||
                  subject_.columns.kind(column) == explain::TermKind::border;
    cell.unread = subject_.rows.unread(row) || subject_.columns.unread(column);
    const auto term = terms_.find({channel, row, column});
    if (term != terms_.end()) {
      cell.corner = choice_.weight_numbers.text(term->second->weight_value.real());
    }
    return cell;
  }

  static std::string input_label(std::int64_t channel) {
    return "input, channel " + std::to_string(channel);
  }
  static std::string output_label(std::int64_t channel) {
    return "output, channel " + std::to_string(channel);
  }

  void draw_inputs() {
    for (std::size_t row = 0; row < choice_.channels.size(); ++row) {
      const ChannelRow& shown = choice_.channels[row];
      const double y = row_top(row);
      if (shown.skipped > 0) {
        pen_.quiet({places_.input_x, y + 4},
                   "\u2026 " + counted(shown.skipped, "channel") + " more", label_size);
        continue;
      }
      const Grid cells = input_grid(row);
      pen_.text({cells.at.x, y - 6 - arc_room_}, input_label(shown.channel), label_size,
                pen_.palette().text_of(Role::input), Align::left, true);
      diagram::draw(pen_, cells, [&](std::int64_t r, std::int64_t c) {
        return input_cell(shown.channel, r, c);
      });
      if (of_this_group(shown.channel)) {
        draw_window(cells);
        draw_border_arcs(pen_, cells, subject_, options_.at);
      }
    }
  }

  Rect window(const Grid& cells) const {
    return cells.block(choice_.window_row, choice_.window_column,
                       choice_.window_row + subject_.rows.size.extent - 1,
                       choice_.window_column + subject_.columns.size.extent - 1);
  }

  void draw_window(const Grid& cells) {
    const Color color = pen_.palette().of(Role::weight);
    const bool gaps = subject_.rows.size.dilation > 1 || subject_.columns.size.dilation > 1;
    if (gaps) {
      for (std::int64_t r = 0; r < subject_.rows.size.kernel; ++r) {
        for (std::int64_t s = 0; s < subject_.columns.size.kernel; ++s) {
          const std::int64_t row = choice_.window_row + r * subject_.rows.size.dilation;
          const std::int64_t column = choice_.window_column + s * subject_.columns.size.dilation;
          if (cells.rows.contains(row) && cells.columns.contains(column)) {
            pen_.add(
                Box{.rect = cells.cell_rect(row, column), .stroke = color, .stroke_width = 2.5});
          }
        }
      }
    }
    pen_.add(Box{.rect = window(cells),
                 .stroke = color,
                 .stroke_width = gaps ? 1.25 : 3,
                 .dash = gaps ? Dash::dashed : Dash::solid,
                 .radius = 2});
  }

  // ---- filters

  static std::string filter_label(std::int64_t filter) {
    return "filter " + std::to_string(filter);
  }

  void draw_filters() {
    for (std::size_t filter = 0; filter < choice_.filters.size(); ++filter) {
      const std::int64_t k = choice_.filters[filter];
      const bool active = k == options_.at.channel;
      for (std::size_t row = 0; row < choice_.channels.size(); ++row) {
        const ChannelRow& shown = choice_.channels[row];
        if (shown.skipped == 0 &&
            shown.channel / subject_.inputs_per_group() == subject_.group_of_output(k)) {
          draw_slice(row, filter, active);
        }
      }
      draw_bias(filter, active);
    }
  }

  void draw_slice(std::size_t row, std::size_t filter, bool active) {
    const std::int64_t k = choice_.filters[filter];
    const std::int64_t c = choice_.channels[row].channel;
    Grid cells = filter_grid(row, filter);
    cells.opacity = active ? 1 : 0.4;
    diagram::draw(pen_, cells, [&](std::int64_t i, std::int64_t j) {
      // A transposed layer's window meets its weights from the last to the first.
      const bool turned = subject_.transposed();
      const std::int64_t r = turned ? subject_.rows.size.kernel - 1 - i : i;
      const std::int64_t s = turned ? subject_.columns.size.kernel - 1 - j : j;
      return weight_element(subject_, c, k, r, s);
    });
    pen_.add(Text{{cells.at.x, cells.at.y - 6},
                  {{filter_label(k), pen_.palette().text_of(Role::weight), true}},
                  label_size,
                  Align::left,
                  cells.opacity});
    if (active) {
      draw_beam(input_grid(row), cells);
    }
  }

  /// From the window to the slice that it is multiplied with, behind the rest of the plane.
  void draw_beam(const Grid& input, const Grid& slice) {
    const Rect from = window(input);
    const Rect to = slice.rect();
    const double edge = input.rect().right() + 3;
    const auto beam = [&](double start_y, double end_y) {
      const double along = (edge - from.right()) / (to.x - 3 - from.right());
      pen_.add(Path{.points = {{edge, std::lerp(start_y, end_y, along)}, {to.x - 3, end_y}},
                    .color = pen_.palette().of(Role::weight),
                    .width = 1.25,
                    .opacity = 0.8});
    };
    beam(from.y, to.y);
    beam(from.bottom(), to.bottom());
  }

  double bias_top() const { return row_top(choice_.channels.size()) - row_gap + 2; }

  /// Nothing where there is no bias.
  std::vector<Run> bias_runs(std::int64_t filter) const {
    if (subject_.bias.empty()) {
      return {};
    }
    const double value = subject_.bias[static_cast<std::size_t>(filter)];
    return {{"bias ", pen_.palette().quiet_ink},
            {choice_.weight_numbers.text(value), pen_.palette().text_of(Role::weight), true}};
  }

  void draw_bias(std::size_t filter, bool active) {
    if (subject_.bias.empty()) {
      return;
    }
    pen_.add(Text{{filter_left(filter), bias_top() + 14},
                  bias_runs(choice_.filters[filter]),
                  label_size,
                  Align::left,
                  active ? 1 : 0.45});
  }

  // ---- sums

  void chip(double y, const std::string& text, Role role) {
    const Rect rect = {places_.sum_x, y - 11, chip_width, 22};
    pen_.add(Box{.rect = rect,
                 .fill = pen_.palette().paper,
                 .stroke = role == Role::none ? pen_.palette().quiet_ink : pen_.palette().of(role),
                 .stroke_width = role == Role::output ? 2.5 : 1,
                 .radius = 11});
    const double fit = (chip_width - 12) / std::max(1.0, text_width(text, 1));
    pen_.text({rect.center().x, y + 4}, text, std::min(12.0, fit), pen_.palette().ink,
              Align::center, role == Role::output);
  }

  const explain::ChannelSum& sum_of(std::int64_t channel) const {
    return *std::find_if(sum_.channels.begin(), sum_.channels.end(),
                         [&](const explain::ChannelSum& sum) { return sum.channel == channel; });
  }

  void draw_sums() {
    pen_.quiet({places_.sum_x + chip_width / 2, places_.top - 6}, "sum of each channel", label_size,
               Align::center);
    for (std::size_t row = 0; row < choice_.channels.size(); ++row) {
      const ChannelRow& shown = choice_.channels[row];
      if (shown.skipped > 0) {
        pen_.quiet({places_.sum_x + chip_width / 2, row_top(row) + 4}, "+ \u2026", label_size,
                   Align::center);
      } else if (of_this_group(shown.channel)) {
        const Grid first = filter_grid(row, 0);
        chip(first.rect().center().y, exact(sum_of(shown.channel).sum, sum_.sum_dtype), Role::none);
      }
    }
    draw_total();
  }

  std::string total_sign() const { return subject_.bias.empty() ? "=" : "+ bias ="; }

  void draw_total() {
    const double y = bias_top() + 10;
    pen_.quiet({places_.sum_x - sign_gap, y + 4}, total_sign(), label_size, Align::right);
    chip(y, exact(sum_.value, sum_.dtype), Role::output);
  }

  // ---- outputs

  bool is_there(std::int64_t channel, std::int64_t row, std::int64_t column) const {
    const explain::Index& at = options_.at;
    return !options_.stepping ||
           std::tuple(channel, row, column) <= std::tuple(at.channel, at.row, at.column);
  }

  void draw_outputs() {
    for (std::size_t filter = 0; filter < choice_.filters.size(); ++filter) {
      const std::int64_t k = choice_.filters[filter];
      const Grid cells = output_grid(filter);
      pen_.text({cells.at.x, cells.at.y - 6}, output_label(k), label_size,
                pen_.palette().text_of(Role::output), Align::left, true);
      diagram::draw(pen_, cells, [&](std::int64_t row, std::int64_t column) {
        return output_element(subject_, {.channel = k, .row = row, .column = column},
                              is_there(k, row, column));
      });
      if (k == options_.at.channel) {
        draw_result(cells);
      }
    }
  }

  void draw_result(const Grid& cells) {
    const Rect cell = cells.cell_rect(options_.at.row, options_.at.column);
    const double y = bias_top() + 10;
    const double turn = places_.output_x - column_gap / 2 + 6;
    pen_.add(Path{.points = {{places_.sum_x + chip_width + 3, y},
                             {turn, y},
                             {turn, cell.center().y},
                             {cells.at.x - 4, cell.center().y}},
                  .color = pen_.palette().of(Role::output),
                  .width = 1.6,
                  .arrow = true});
    pen_.add(Box{
        .rect = cell, .stroke = pen_.palette().of(Role::output), .stroke_width = 3.5, .radius = 2});
  }

  // ---- groups

  void group_outline(const Rect& rect, std::int64_t group) {
    constexpr std::array<Dash, 3> dashes = {Dash::solid, Dash::dashed, Dash::dotted};
    pen_.add(Box{.rect = rect,
                 .stroke = pen_.palette().group(group),
                 .stroke_width = 1.5,
                 .dash = dashes[static_cast<std::size_t>(group) % dashes.size()],
                 .radius = 8});
    pen_.text({rect.right() - 8, rect.bottom() - 5}, "group " + std::to_string(group), 9.5,
              pen_.palette().group(group), Align::right);
  }

  /// Around the planes of a group and their labels, `words` wide; `arcs` is what lies between.
  static Rect around(const Rect& first, const Rect& last, double words, double arcs) {
    const double x = std::min(first.x, last.x) - group_room - arcs;
    const double y = std::min(first.y, last.y) - label_room - 2 - arcs;
    return {x, y, std::max(last.right(), last.x + words) + group_room - x,
            std::max(first.bottom(), last.bottom()) + group_label_room - y};
  }

  void draw_groups() {
    if (subject_.groups == 1) {
      return;
    }
    std::map<std::int64_t, std::pair<Rect, Rect>> inputs;
    for (std::size_t row = 0; row < choice_.channels.size(); ++row) {
      if (choice_.channels[row].skipped == 0) {
        const Rect rect = input_grid(row).rect();
        const std::int64_t group = choice_.channels[row].channel / subject_.inputs_per_group();
        inputs.try_emplace(group, rect, rect).first->second.second = rect;
      }
    }
    std::map<std::int64_t, std::pair<Rect, Rect>> outputs;
    for (std::size_t filter = 0; filter < choice_.filters.size(); ++filter) {
      const Rect rect = output_grid(filter).rect();
      const std::int64_t group = subject_.group_of_output(choice_.filters[filter]);
      outputs.try_emplace(group, rect, rect).first->second.second = rect;
    }
    for (const auto& [group, ends] : inputs) {
      group_outline(around(ends.first, ends.second, widest_label(input_label), arc_room_), group);
    }
    for (const auto& [group, ends] : outputs) {
      group_outline(around(ends.first, ends.second, widest_label(output_label), 0), group);
    }
  }

  // ---- words

  double draw_words(double y) {
    const double width = places_.right - margin;
    y = draw_equation(pen_, {margin, y}, width, sum_);
    return draw_sentences(pen_, {margin, y}, width, notes(subject_, choice_)) - 15;
  }

  std::string description() const {
    const explain::Index& at = sum_.output;
    return "Output channel " + std::to_string(at.channel) + ", row " + std::to_string(at.row) +
           ", column " + std::to_string(at.column) + " is " + exact(sum_.value, sum_.dtype) +
           ": the sum of " + counted(sum_.counting, "product") + " of an input and a weight" +
           (sum_.has_bias ? " and of the bias." : ".");
  }

  const Subject& subject_;
  const Options& options_;
  explain::OutputSum sum_;
  SlideChoice choice_;
  double arc_room_;
  Places places_;
  Pen pen_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, const explain::Term*> terms_;
};

}  // namespace

Drawing draw_slide(const Subject& subject, const Options& options) {
  return Slide(subject, options).draw();
}

}  // namespace conv2d::diagram

// What a layer costs: parameters, operations, bytes, and the algorithm that runs.
#include "diagram/header.h"
#include "diagram/pen.h"
#include "diagram/views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace conv2d::diagram {
namespace {

struct Bar {
  std::string label;
  double value = 0;
  std::string text;
  Role role = Role::none;
};

std::string decimal(double value) {
  std::array<char, 40> buffer{};
  const int length =
      std::snprintf(buffer.data(), buffer.size(), value < 10 ? "%.2f" : "%.1f", value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

class CostView {
 public:
  CostView(const Subject& subject, const Options& options)
      : subject_(subject), cost_(subject.explanation.cost()), pen_(options.theme) {}

  Drawing draw() {
    double y = draw_header(pen_, subject_) + 26;
    y = section(y, "Parameters", parameter_bars(),
                "Shared weights: every output of a channel uses the same filter.");
    y = section(y, "Multiply-adds", operation_bars(),
                "An output is one product for each tap and input channel of its group. Taps in the "
                "padding cost nothing where they are left out.");
    y = section(y, "Bytes", byte_bars(),
                "im2col repeats every input once for each window that it is in: " +
                    decimal(cost_.im2col_ratio) + " times the input.");
    y = draw_intensity(y);
    y = draw_plan(y);
    return pen_.take(std::max(width, header_width(subject_)), y + margin - 12, subject_.layer,
                     description());
  }

 private:
  static constexpr double width = 860;
  static constexpr double label_width = 230;
  static constexpr double bar_height = 18;
  static constexpr double line_height = 26;

  std::vector<Bar> parameter_bars() const {
    std::vector<Bar> bars = {bar("weights", cost_.weights, "", Role::weight)};
    if (cost_.biases > 0) {
      bars.push_back(bar("biases", cost_.biases, "", Role::weight));
    }
    bars.push_back(bar("without sharing", cost_.unshared_parameters, "", Role::none));
    return bars;
  }

  std::vector<Bar> operation_bars() const {
    return {bar("by the definition", cost_.multiply_adds, "", Role::output),
            bar("without taps in the padding", cost_.multiply_adds_done, "", Role::output)};
  }

  std::vector<Bar> byte_bars() const {
    return {bar("input", cost_.input_bytes, "", Role::input),
            bar("weights and biases", cost_.weight_bytes, "", Role::weight),
            bar("output", cost_.output_bytes, "", Role::output),
            bar("an im2col matrix", cost_.im2col_bytes, "", Role::none)};
  }

  static Bar bar(std::string label, std::int64_t value, const std::string& unit, Role role) {
    std::string text = counted(value, "");
    text.erase(text.find(' '));
    return {std::move(label), static_cast<double>(value), text + unit, role};
  }

  double section(double y, const std::string& title, const std::vector<Bar>& bars,
                 const std::string& note) {
    pen_.text({margin, y}, title, 13, pen_.palette().ink, Align::left, true);
    y += 12;
    double most = 1;
    for (const Bar& each : bars) {
      most = std::max(most, each.value);
    }
    const double room = width - 2 * margin - label_width - 130;
    for (const Bar& each : bars) {
      const double length = std::max(1.0, room * each.value / most);
      pen_.text({margin + label_width - 12, y + bar_height - 4}, each.label, 11.5, Align::right);
      const Color color =
          each.role == Role::none ? pen_.palette().quiet_ink : pen_.palette().of(each.role);
      pen_.add(Box{.rect = {margin + label_width, y + 1, length, bar_height - 2},
                   .fill = color,
                   .radius = 2});
      pen_.text({margin + label_width + length + 8, y + bar_height - 4}, each.text, 11.5);
      y += line_height;
    }
    y = pen_.paragraph({margin, y + 12}, {{note, pen_.palette().quiet_ink}}, 11, width - 2 * margin,
                       16);
    return y + 34;
  }

  double draw_intensity(double y) {
    pen_.text({margin, y}, "Arithmetic intensity", 13, pen_.palette().ink, Align::left, true);
    y = pen_.paragraph(
        {margin, y + 20},
        {{decimal(cost_.arithmetic_intensity), pen_.palette().ink, true},
         {" operations for each byte of input, weights and output. A processor that does "
          "fewer for each byte that it can fetch waits for arithmetic here; one that does "
          "more waits for memory.",
          pen_.palette().quiet_ink}},
        11.5, width - 2 * margin, 17);
    return y + 34;
  }

  double draw_plan(double y) {
    pen_.text({margin, y}, "What this machine runs", 13, pen_.palette().ink, Align::left, true);
    y += 4;
    std::istringstream lines(subject_.plan());
    for (std::string line; std::getline(lines, line);) {
      const bool repeats = line.rfind("multiply-adds", 0) == 0 ||
                           line.rfind("arithmetic intensity", 0) == 0 ||
                           line.rfind("tensors", 0) == 0;
      if (repeats) {
        continue;
      }
      const bool main = line.rfind("algorithm", 0) == 0 || line.rfind("taken", 0) == 0;
      y = pen_.paragraph({margin + (line.rfind("  ", 0) == 0 ? 14 : 0), y + 16},
                         {{line, main ? pen_.palette().ink : pen_.palette().quiet_ink}}, 11,
                         width - 2 * margin - 14, 15);
    }
    return y + 20;
  }

  std::string description() const {
    return counted(cost_.parameters(), "parameter") + ", " +
           counted(cost_.multiply_adds, "multiply-add") + ", " +
           counted(cost_.input_bytes + cost_.weight_bytes + cost_.output_bytes, "byte") +
           " of input, weights and output.";
  }

  const Subject& subject_;
  explain::Cost cost_;
  Pen pen_;
};

}  // namespace

Drawing draw_cost(const Subject& subject, const Options& options) {
  return CostView(subject, options).draw();
}

}  // namespace conv2d::diagram

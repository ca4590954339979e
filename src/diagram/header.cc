#include "diagram/header.h"

#include <algorithm>
#include <vector>

namespace conv2d::diagram {
namespace {

constexpr double title_size = 16;
constexpr double line_size = 11.5;

std::string sizes_line(const Subject& subject) {
  const explain::Cost cost = subject.explanation.cost();
  return "input " + by(subject.input.count, subject.input.rows, subject.input.columns) +
         "  \u2192  output " +
         by(subject.output.count, subject.output.rows, subject.output.columns) + "   \u00B7   " +
         counted(cost.parameters(), "parameter");
}

/// "rows: floor((5 + 1 + 1 - 1*(3 - 1) - 1) / 2) + 1 = ... = 3", with typographic signs.
std::string typeset(const std::string& formula) {
  std::string text;
  for (const char c : formula) {
    text += c == '-' ? "\u2212" : c == '*' ? "\u00B7" : std::string(1, c);
  }
  return text;
}

std::vector<std::string> formula_lines(const Subject& subject) {
  const std::string rows = typeset(subject.rows.size.formula);
  const std::string columns = typeset(subject.columns.size.formula);
  if (rows == columns) {
    return {"rows and columns: " + rows};
  }
  return {"rows: " + rows, "columns: " + columns};
}

}  // namespace

std::string by(std::int64_t channels, std::int64_t rows, std::int64_t columns) {
  return std::to_string(channels) + "\u00D7" + std::to_string(rows) + "\u00D7" +
         std::to_string(columns);
}

std::string counted(std::int64_t count, const std::string& one) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, ",");
  }
  return digits + " " + one + (count == 1 ? "" : "s");
}

double draw_header(Pen& pen, const Subject& subject) {
  double y = margin + title_size * 0.8;
  pen.text({margin, y}, subject.layer, title_size, pen.palette().ink, Align::left, true);
  y += 21;
  pen.text({margin, y}, sizes_line(subject), line_size);
  for (const std::string& line : formula_lines(subject)) {
    y += 17;
    pen.quiet({margin, y}, line, line_size);
  }
  return y + 6;
}

double header_width(const Subject& subject) {
  double width = text_width(subject.layer, title_size, true);
  width = std::max(width, text_width(sizes_line(subject), line_size));
  for (const std::string& line : formula_lines(subject)) {
    width = std::max(width, text_width(line, line_size));
  }
  return width + 2 * margin;
}

}  // namespace conv2d::diagram

// Text in columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace conv2d::explain {

enum class Align : std::uint8_t { left, right };

/// Rows of cells, two blanks between columns, no blanks at the end of a line. A row may have fewer
/// cells than there are columns; a row of one cell is a line of its own and widens no column.
class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Every line starts with `indent` blanks and ends in a newline.
  std::string text(std::size_t indent) const;

 private:
  std::vector<std::size_t> widths() const;
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace conv2d::explain

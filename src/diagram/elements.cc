#include "diagram/elements.h"

namespace conv2d::diagram {

Cell input_element(const Subject& subject, std::int64_t channel, std::int64_t row,
                   std::int64_t column) {
  if (row < 0 || column < 0) {
    return {.value = 0};
  }
  return {.value = subject.input.at(channel, row, column),
          .element = subject.input.element(channel, row, column)};
}

Cell weight_element(const Subject& subject, std::int64_t in, std::int64_t out, std::int64_t r,
                    std::int64_t s) {
  return {.value = subject.weight_at(in, out, r, s),
          .element = subject.weight_element(in, out, r, s)};
}

Cell output_element(const Subject& subject, const explain::Index& at, bool is_there) {
  Cell cell{.element = subject.output.element(at.channel, at.row, at.column)};
  if (is_there) {
    cell.value = subject.output.at(at.channel, at.row, at.column);
  }
  return cell;
}

}  // namespace conv2d::diagram

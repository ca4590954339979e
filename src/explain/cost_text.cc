// Sizes and cost in plain words.
#include "base/error.h"
#include "base/quantity.h"
#include "conv2d/explain.h"
#include "explain/table.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace conv2d::explain {
namespace {

std::string two_decimals(double value) {
  std::array<char, 320> buffer;  // the largest double has 309 digits before the point
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, 2);
  return std::string(buffer.data(), end.ptr);
}

std::string unread_text(const AxisSize& size, const char* axis) {
  constexpr std::size_t most = 8;
  const std::size_t shown = std::min(size.unread.size(), most);
  std::string text = concat("never read: ", grouped(size.unread_count), " of ", grouped(size.input),
                            " ", axis, ", ", to_text(std::span(size.unread).first(shown)));
  if (shown < size.unread.size()) {
    text += concat(" and ", size.unread.size() - shown, " more ranges");
  }
  return text;
}

void add_axis(Table& table, const AxisSize& size, const char* axis) {
  table.add({axis, size.formula});
  if (size.dilation > 1) {
    table.add({"", concat("the kernel's ", size.kernel, " taps span ", size.dilation, "*(",
                          size.kernel, " - 1) + 1 = ", size.extent)});
  }
  if (size.remainder > 0) {
    table.add({"", concat("the floor drops ", size.remainder, " of ", size.padded,
                          " positions after the last window")});
  }
  if (size.unread_count > 0) {
    table.add({"", unread_text(size, axis)});
  }
}

}  // namespace

std::string to_text(const SizeArithmetic& sizes) {
  Table table({Align::left, Align::left});
  add_axis(table, sizes.rows, "rows");
  add_axis(table, sizes.columns, "columns");
  return table.text(0);
}

std::string to_text(const Cost& cost) {
  Table table({Align::left, Align::left});
  table.add({"parameters", concat(grouped(cost.parameters()), " = ", grouped(cost.weights),
                                  " weights + ", grouped(cost.biases), " biases")});
  table.add({"unshared",
             concat(grouped(cost.unshared_parameters), " parameters if every output had its own")});
  const std::string lost = cost.multiply_adds_done == cost.multiply_adds
                               ? ""
                               : concat(", ", grouped(cost.multiply_adds_done),
                                        " without those that fall into the padding");
  table.add({"multiply-adds", grouped(cost.multiply_adds) + lost});
  table.add({"bytes", concat("input ", grouped(cost.input_bytes), ", weight and bias ",
                             grouped(cost.weight_bytes), ", output ", grouped(cost.output_bytes))});
  table.add({"im2col", concat(grouped(cost.im2col_bytes), " bytes, ",
                              two_decimals(cost.im2col_ratio), " times the input")});
  table.add({"intensity",
             concat(two_decimals(cost.arithmetic_intensity), " floating-point operations a byte")});
  return table.text(0);
}

}  // namespace conv2d::explain

#include "bench/descriptor_axis.h"

#include "bench/descriptor_keys.h"
#include "failure.h"

#include <fmt/format.h>

#include <algorithm>

namespace conv2d::cli {
namespace {

// Rows that the kernel spans.
std::int64_t extent_of(const AxisValues& axis) {
  return (axis.kernel - 1) * (axis.dilation + 1) + 1;
}

// Nothing where the kernel does not fit.
std::optional<std::int64_t> output_of(const AxisValues& axis, std::int64_t padding) {
  const std::int64_t room = axis.input + padding - extent_of(axis);
  return room < 0 ? std::nullopt : std::optional(room / axis.stride + 1);
}

AxisShape with_equal_padding(const AxisValues& axis) {
  const std::int64_t padding = axis.padding.value_or(0);
  const std::optional<std::int64_t> output = output_of(axis, 2 * padding);
  if (!output) {
    refuse(fmt::format("the kernel spans {}, but the input with its padding is {}", extent_of(axis),
                       axis.input + 2 * padding));
  }
  return {*output, padding, padding};
}

}  // namespace

AxisShape solve_axis(const AxisValues& axis) {
  if (!axis.output) {
    return with_equal_padding(axis);
  }
  const std::int64_t needed =
      std::max<std::int64_t>(0, (*axis.output - 1) * axis.stride + extent_of(axis) - axis.input);
  const std::int64_t before = axis.padding.value_or(needed / 2);
  if (output_of(axis, 2 * before) == axis.output) {
    return {*axis.output, before, before};
  }
  const std::int64_t after = std::max<std::int64_t>(0, needed - before);
  if (after >= extent_of(axis) || output_of(axis, before + after) != axis.output) {
    refuse(fmt::format("the output is said to be {}, but it would be {}", *axis.output,
                       output_of(axis, 2 * before).value_or(0)));
  }
  return {*axis.output, before, after};
}

AxisShape solve_transposed_axis(const AxisValues& axis) {
  const std::int64_t all = (axis.input - 1) * axis.stride + extent_of(axis);
  if (!axis.output) {
    const std::int64_t padding = axis.padding.value_or(0);
    const std::int64_t output = all - 2 * padding;
    if (output < 1 || output > largest_number) {
      refuse(fmt::format("the output would be {}, and not from 1 to {}", output, largest_number));
    }
    return {output, padding, padding};
  }
  const std::int64_t before =
      axis.padding.value_or(std::max<std::int64_t>(0, all - *axis.output) / 2);
  const std::int64_t after = all - before - *axis.output;
  const std::int64_t most_extra = std::max(axis.stride, axis.dilation + 1) - 1;
  if (-after > most_extra) {
    refuse(fmt::format("the output is said to be {}, but it can be {} at most", *axis.output,
                       all - before + most_extra));
  }
  return {*axis.output, before, std::max<std::int64_t>(0, after),
          std::max<std::int64_t>(0, -after)};
}

}  // namespace conv2d::cli

#include "geometry/axis.h"

#include "base/checked.h"

#include <algorithm>

namespace conv2d {
namespace {

Error too_large() {
  return {
      "the sizes are too large: an axis with its padding, dilated kernel and stride must stay "
      "below 2^62 positions"};
}

/// Positions are sums of a few such numbers, which then cannot overflow.
bool fits(Checked value) {
  constexpr std::int64_t limit = std::int64_t{1} << 62U;
  return value.ok() && value.value() > -limit && value.value() < limit;
}

/// total = the zeros that make ceil(input / stride) windows fit; the odd one as the rule says.
/// With stride 1 this is torch's padding='same': total = dilation * (kernel - 1).
void resolve_same(AxisArguments& axis, std::int64_t extent, Padding::Rule rule) {
  if (axis.input == 0) {  // no window at all, and so no padding
    axis.pad_before = axis.pad_after = 0;
    return;
  }
  const std::int64_t last_start = (axis.input - 1) / axis.stride * axis.stride;
  const std::int64_t total = std::max<std::int64_t>(0, last_start + extent - axis.input);
  const std::int64_t smaller = total / 2;
  axis.pad_before = rule == Padding::Rule::same ? smaller : total - smaller;
  axis.pad_after = total - axis.pad_before;
}

}  // namespace

Touches::Touches(const Axis& axis, PaddingMode mode)
    : first_(static_cast<std::size_t>(axis.input) + 1) {
  const auto for_each = [&](auto&& visit) {
    for (std::int64_t r = 0; r < axis.kernel; ++r) {
      for (std::int64_t p = 0; p < axis.output; ++p) {
        const std::int64_t index = source_index(axis, mode, p, r);
        if (index != nowhere) {
          visit(at(index), Touch{p, r});
        }
      }
    }
  };
  for_each([&](std::size_t index, Touch) { ++first_[index + 1]; });
  for (std::size_t i = 1; i < first_.size(); ++i) {
    first_[i] += first_[i - 1];
  }
  touches_.resize(first_.back());
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  for_each([&](std::size_t index, Touch touch) { touches_[next[index]++] = touch; });
}

Result<Axis> forward_axis(const AxisArguments& arguments, Padding::Rule rule) {
  AxisArguments given = arguments;
  const Checked extent = Checked(given.dilation) * (Checked(given.kernel) - 1) + 1;
  if (!fits(extent) || !fits(Checked(given.input) + extent)) {
    return too_large();
  }
  if (rule == Padding::Rule::same || rule == Padding::Rule::same_lower) {
    resolve_same(given, extent.value(), rule);
  } else if (rule == Padding::Rule::valid) {
    given.pad_before = given.pad_after = 0;
  }
  const Checked padded = Checked(given.input) + given.pad_before + given.pad_after;
  if (!fits(padded) || !fits(Checked(given.stride) + padded)) {
    return too_large();
  }
  const std::int64_t room = padded.value() - extent.value();
  return Axis{given.input,
              given.kernel,
              given.stride,
              given.dilation,
              given.pad_before,
              given.pad_after,
              room < 0 ? 0 : room / given.stride + 1};
}

Result<Axis> transposed_axis(const AxisArguments& arguments, std::int64_t output_padding) {
  const Checked extent = Checked(arguments.dilation) * (Checked(arguments.kernel) - 1) + 1;
  const Checked reach = (Checked(arguments.input) - 1) * arguments.stride + extent + output_padding;
  const Checked input = reach - (Checked(arguments.pad_before) + arguments.pad_after);
  if (!fits(extent) || !fits(reach) || !fits(input)) {
    return too_large();
  }
  return Axis{input.value(),        arguments.kernel,    arguments.stride, arguments.dilation,
              arguments.pad_before, arguments.pad_after, arguments.input};
}

std::optional<Error> check_border(const Axis& axis, PaddingMode mode, const char* extent_name) {
  const std::int64_t pad = std::max(axis.pad_before, axis.pad_after);
  if (pad == 0) {
    return std::nullopt;
  }
  const auto but_got = [&] {
    return concat(", but got padding (", axis.pad_before, ", ", axis.pad_after,
                  ") for an input of ", extent_name, " ", axis.input);
  };
  if (mode == PaddingMode::reflect && pad >= axis.input) {
    return Error{
        concat("Padding size should be less than the corresponding input dimension in "
               "reflect mode",
               but_got())};
  }
  if (mode == PaddingMode::circular && pad > axis.input) {
    return Error{
        concat("Padding value causes wrapping around more than once: in circular mode it "
               "may be at most the input's size",
               but_got())};
  }
  if (mode == PaddingMode::replicate && axis.input == 0) {
    return Error{
        concat("replicate mode needs an input with at least one element to repeat", but_got())};
  }
  return std::nullopt;
}

}  // namespace conv2d

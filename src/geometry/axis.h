// One spatial axis of a convolution: sizes, the window's positions, what lies beyond the border.
// Arithmetic without data.
#pragma once

#include <conv2d/options.h>

#include "base/error.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace conv2d {

/// Rows or columns. Tap r of output p looks at position p*stride + r*dilation - pad_before of the
/// input; positions outside 0..input-1 are the padding.
struct Axis {
  std::int64_t input = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_before = 0;
  std::int64_t pad_after = 0;
  std::int64_t output = 0;

  std::int64_t position(std::int64_t p, std::int64_t r) const noexcept {
    return p * stride + r * dilation - pad_before;
  }
  /// From the first tap to the last: dilation*(kernel-1) + 1.
  constexpr std::int64_t extent() const noexcept { return dilation * (kernel - 1) + 1; }

  friend bool operator==(const Axis&, const Axis&) = default;
};

/// Inputs or outputs of an axis, from `begin` up to `end`.
struct AxisRange {
  std::int64_t begin;
  std::int64_t end;

  std::int64_t size() const noexcept { return end - begin; }
  bool has(std::int64_t p) const noexcept { return p >= begin && p < end; }
};

/// The outputs none of whose taps looks beyond the border.
constexpr AxisRange inner_outputs(const Axis& axis) noexcept {
  const std::int64_t before = std::max<std::int64_t>(axis.pad_before, 0);
  const std::int64_t begin = std::min((before + axis.stride - 1) / axis.stride, axis.output);
  const std::int64_t room = axis.input + axis.pad_before - axis.extent();
  const std::int64_t end = room < 0 ? 0 : std::min(axis.output, room / axis.stride + 1);
  return {begin, std::max(begin, end)};
}

/// How many taps of all outputs look at elements of the input, together.
constexpr std::int64_t taps_inside(const Axis& axis) noexcept {
  std::int64_t inside = 0;
  for (std::int64_t r = 0; r < axis.kernel; ++r) {
    const std::int64_t first = axis.position(0, r);
    const std::int64_t begin = first < 0 ? (axis.stride - 1 - first) / axis.stride : 0;
    const std::int64_t room = axis.input - 1 - first;
    const std::int64_t end = room < 0 ? 0 : std::min(axis.output, room / axis.stride + 1);
    inside += std::max<std::int64_t>(end - begin, 0);
  }
  return inside;
}

/// Where a term is left out of the sum.
inline constexpr std::int64_t nowhere = -1;

/// The index that a position at or beyond the border reads from, or `nowhere` in zeros mode.
/// The position must lie within one input's size of the border (reflect: less), which a checked
/// Problem makes sure of.
constexpr std::int64_t border_index(PaddingMode mode, std::int64_t position,
                                    std::int64_t size) noexcept {
  if (position >= 0 && position < size) {
    return position;
  }
  const bool before = position < 0;
  switch (mode) {
    case PaddingMode::reflect:
      return before ? -position : 2 * (size - 1) - position;
    case PaddingMode::replicate:
      return before ? 0 : size - 1;
    case PaddingMode::circular:
      return before ? position + size : position - size;
    case PaddingMode::zeros:
      break;
  }
  return nowhere;
}

/// The input index that tap r of output p reads, or `nowhere`.
inline std::int64_t source_index(const Axis& axis, PaddingMode mode, std::int64_t p,
                                 std::int64_t r) noexcept {
  return border_index(mode, axis.position(p, r), axis.input);
}

/// A window position from which an input index is read.
struct Touch {
  std::int64_t output;
  std::int64_t tap;
};

/// For every input index, the (output, tap) pairs that read it, by tap and then by output. This is
/// source_index turned round; in zeros mode a tap reads an index from one output at most.
class Touches {
 public:
  Touches(const Axis& axis, PaddingMode mode);

  const Touch* begin(std::int64_t index) const noexcept {
    return touches_.data() + first_[at(index)];
  }
  const Touch* end(std::int64_t index) const noexcept {
    return touches_.data() + first_[at(index) + 1];
  }

 private:
  static std::size_t at(std::int64_t index) noexcept { return static_cast<std::size_t>(index); }
  std::vector<std::size_t> first_;  // input + 1 of them: where each index's touches begin
  std::vector<Touch> touches_;
};

/// What the arguments say about one axis.
struct AxisArguments {
  std::int64_t input;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t dilation;
  std::int64_t pad_before;
  std::int64_t pad_after;
};

/// A convolution's axis: output = floor((input + pads - extent) / stride) + 1, and where a rule
/// decides the pads, ceil(input / stride). `output` is 0 or negative where the kernel does not
/// fit. Fails only where the arithmetic leaves 63 bits.
Result<Axis> forward_axis(const AxisArguments& arguments, Padding::Rule rule);

/// A transposed convolution's axis, seen as the convolution that it transposes: `output` is the
/// layer's input, and `input` is the layer's output, (output - 1)*stride - pads + extent +
/// output_padding; it is 0 or negative where the padding takes all.
Result<Axis> transposed_axis(const AxisArguments& arguments, std::int64_t output_padding);

/// Reflect and circular read at most one input's size beyond the border, replicate needs an edge
/// to repeat: what is wrong with this axis's padding, in torch's words. `extent_name` is "height"
/// or "width".
std::optional<Error> check_border(const Axis& axis, PaddingMode mode, const char* extent_name);

}  // namespace conv2d

// Layers that RapidCheck draws and shrinks: any arguments that fit, and small whole numbers in the
// tensors, of which every sum and product is exact. What must be equal then is equal to the bit.
#pragma once

#include <conv2d/functional.h>

#include "support/tensors.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>

namespace conv2d::testing {

/// One direction of a layer. `input` has room for at least one window.
struct AxisDraw {
  std::int64_t kernel, stride, dilation, before, after, input;

  std::int64_t extent() const { return dilation * (kernel - 1) + 1; }
  std::int64_t output() const { return (before + input + after - extent()) / stride + 1; }
};

struct LayerDraw {
  std::int64_t batch, groups, in_per_group, out_per_group;
  AxisDraw rows, columns;
  PaddingMode mode;

  std::int64_t in_channels() const { return groups * in_per_group; }
  std::int64_t out_channels() const { return groups * out_per_group; }
  Sizes input() const { return {batch, in_channels(), rows.input, columns.input}; }
  Sizes weight() const { return {out_channels(), in_per_group, rows.kernel, columns.kernel}; }
  Sizes output() const { return {batch, out_channels(), rows.output(), columns.output()}; }
  Pair stride() const { return {rows.stride, columns.stride}; }
  Pair dilation() const { return {rows.dilation, columns.dilation}; }
  Padding padding() const { return {rows.before, rows.after, columns.before, columns.after}; }
  functional::Conv2dArguments arguments() const {
    return {stride(), padding(), dilation(), groups, mode};
  }
  /// Of the transposed layer that takes this one's output to its input's size.
  functional::ConvTranspose2dArguments transposed() const {
    return {stride(), padding(), output_padding(), groups, dilation()};
  }
  /// What the floor in this layer's output size dropped.
  Pair output_padding() const {
    const auto dropped = [](const AxisDraw& axis) {
      return (axis.before + axis.input + axis.after - axis.extent()) % axis.stride;
    };
    return {dropped(rows), dropped(columns)};
  }
};

inline std::ostream& operator<<(std::ostream& out, const AxisDraw& axis) {
  return out << "kernel " << axis.kernel << " stride " << axis.stride << " dilation "
             << axis.dilation << " padding " << axis.before << '+' << axis.after << " input "
             << axis.input;
}

inline std::ostream& operator<<(std::ostream& out, const LayerDraw& draw) {
  return out << "batch " << draw.batch << ", groups " << draw.groups << " of " << draw.in_per_group
             << " -> " << draw.out_per_group << ", rows: " << draw.rows
             << ", columns: " << draw.columns << ", " << name(draw.mode);
}

/// `least` .. `most`, shrinking towards `least`.
inline std::int64_t draw(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange<std::int64_t>(least, most + 1);
}

inline AxisDraw draw_axis(PaddingMode mode) {
  AxisDraw axis{draw(1, 4), draw(1, 3), draw(1, 3), draw(0, 3), draw(0, 3), 0};
  const std::int64_t widest = std::max(axis.before, axis.after);
  const std::int64_t for_border =
      mode == PaddingMode::reflect ? widest + 1 : std::max(widest, INT64_C(1));
  const std::int64_t for_window = axis.extent() - axis.before - axis.after;
  axis.input = std::max(for_border, for_window) + draw(0, 5);
  return axis;
}

inline LayerDraw draw_layer(PaddingMode mode) {
  return {draw(1, 2), draw(1, 3), draw(1, 3), draw(1, 3), draw_axis(mode), draw_axis(mode), mode};
}

inline PaddingMode draw_mode() {
  return *rc::gen::element(PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate,
                           PaddingMode::circular);
}

/// Whole numbers from -4 to 4. A result here has fewer than 2^12 terms of at most 16 each, and
/// 2^16 is exact in float32.
inline Tensor draw_tensor(const Sizes& sizes, DType dtype = DType::float32) {
  const std::int64_t count = *sizes.numel();
  const auto values = *rc::gen::container<std::vector<double>>(
      static_cast<std::size_t>(count),
      rc::gen::map(rc::gen::inRange(-4, 5), [](int v) { return static_cast<double>(v); }));
  return Tensor::from<double>(sizes, std::span<const double>(values)).to(dtype);
}

/// a + b, element by element.
inline Tensor sum(const Tensor& a, const Tensor& b) {
  Tensor result = a.clone();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    result.data<float>()[i] += b.data<float>()[i];
  }
  return result;
}

/// The sum of all products of elements.
inline double inner_product(TensorView a, TensorView b) {
  const std::vector<double> left = values_of<double>(a.to(DType::float64));
  const std::vector<double> right = values_of<double>(b.to(DType::float64));
  double total = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    total += left[i] * right[i];
  }
  return total;
}

/// Fails the property, with what differs first, unless both are the same bits.
inline void require_same(TensorView a, TensorView b) {
  const auto verdict = same_bits(a, b);
  if (!verdict) {
    RC_FAIL(verdict.message());
  }
}

}  // namespace conv2d::testing

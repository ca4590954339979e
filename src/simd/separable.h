// The inner loop along rows of separable filters, compiled once for every instruction set.
#pragma once

#include <cstddef>
#include <span>

namespace conv2d::simd {

/// to[i][q] = bias + sum over s: from[i][q + s * tap_step] * taps[s], for i < rows and q < columns,
/// each step one fused multiply-add where the processor has it.
struct RowFilter {
  const float* from;  ///< what a vector behind the last column's taps reads is there too
  std::ptrdiff_t from_step;
  std::span<const float> taps;
  std::ptrdiff_t tap_step;
  float bias;
  float* to;
  std::ptrdiff_t to_step;
  std::size_t rows;
  std::size_t columns;
};

struct SeparableKernels {
  /// False where a result is infinite or NaN, those of the last vector's idle elements included.
  bool (*filter_rows)(const RowFilter&);
};

/// Of the instructions in use now.
const SeparableKernels& separable_kernels() noexcept;

}  // namespace conv2d::simd

// The inner loop of convolutions whose outputs have one input channel each, where the channels of a
// pixel lie side by side: vectors along channels. Compiled once for every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace conv2d::simd {

/// A column that lies in zeros: its terms are left out.
inline constexpr std::ptrdiff_t no_column = std::numeric_limits<std::ptrdiff_t>::min();

/// For Q output pixels and all channels c
///
///   out[q][c] = bias[c] + sum over r, s:  rows[r][columns[q * stride + s] + c] * weights[r][s][c]
///
/// each step one fused multiply-add where the processor has it. Every sum runs in that order
/// whatever Q is.
template <class T>
struct DepthwiseChannels {
  const T* const* rows;  ///< those that are nullptr lie in zeros
  std::size_t kernel_rows;
  const std::ptrdiff_t* columns;  ///< where pixels begin in a row, or no_column
  std::size_t kernel_columns;
  std::size_t stride;
  const T* weights;  ///< [r][s][weight_step]
  std::ptrdiff_t weight_step;
  const T* bias;
  T* to;
  std::ptrdiff_t to_step;  ///< from an output pixel to the next
  std::size_t channels;    ///< a vector's at least
};

template <class T>
using RunDepthwiseChannels = void (*)(const DepthwiseChannels<T>&);

inline constexpr std::size_t most_channel_pixels = 8;

template <class T>
struct DepthwiseChannelsKernels {
  std::size_t lanes;  ///< elements in a vector; 0 where there are no vectors of this type
  using Tiles = std::array<RunDepthwiseChannels<T>, most_channel_pixels + 1>;
  /// unrolled[w][d][q]: kernels of 3 + 2w columns, pixels of stride 1 + d, q outputs.
  std::array<std::array<Tiles, 2>, 3> unrolled;
  /// any[q]: kernels of any width and stride.
  Tiles any;
};

/// Of the instructions in use now; T is float or double.
template <class T>
const DepthwiseChannelsKernels<T>& depthwise_channels_kernels() noexcept;

}  // namespace conv2d::simd

// The inner loop of depthwise convolutions where the channels of a pixel lie side by side: vectors
// over channels. Compiled once for every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <limits>

namespace conv2d::simd {

/// A column that lies in zeros: its terms are left out.
inline constexpr std::ptrdiff_t no_column = std::numeric_limits<std::ptrdiff_t>::min();

/// For Q output pixels of each of some output rows and all channels k
///
///   out[p][q][k] = bias[k] + sum over r, s:
///                  rows[p * row_stride + r * row_dilation][columns[q * stride + s] + k]
///                  * weights[r][s][k]
///
/// each step one fused multiply-add where the processor has it. Every sum runs in that order
/// whatever Q is.
template <class T>
struct DepthwiseChannels {
  const T* const* rows;  ///< those that are nullptr lie in zeros
  std::size_t kernel_rows;
  std::size_t row_stride;
  std::size_t row_dilation;
  const std::ptrdiff_t* columns;  ///< where pixels begin in a row, or no_column
  std::size_t kernel_columns;
  std::size_t stride;
  /// From each pixel of the tile's window to the next, where none lies in zeros; 0 where some do,
  /// or where they lie otherwise.
  std::ptrdiff_t pixel_step;
  /// [vector of channels][r][s][lanes]. Where the last one would end behind the channels it is
  /// followed by those of the vector that ends with them, which is computed instead.
  const T* weights;
  const T* bias;
  T* to;
  std::ptrdiff_t to_step;      ///< from an output pixel to the next
  std::ptrdiff_t to_row_step;  ///< from an output row to the next
  std::size_t output_rows;
  std::size_t channels;  ///< a vector's at least, or less by `part`
  /// Results go past the caches: channels are whole vectors that lie where those of memory do.
  /// Then pixels come from as far, and are asked for before.
  bool streams;
};

template <class T>
using RunDepthwiseChannels = void (*)(const DepthwiseChannels<T>&);

inline constexpr std::size_t most_channel_pixels = 8;

template <class T>
struct DepthwiseChannelsKernels {
  std::size_t lanes;  ///< elements in a vector; 0 where there are no vectors of this type
  using Tiles = std::array<RunDepthwiseChannels<T>, most_channel_pixels + 1>;
  /// unrolled[w][d][q]: kernels of 3 + 2w columns, pixels of stride 1 + d, q outputs. Of floats
  /// only, as `wider` is: each takes a compiler a second.
  std::array<std::array<Tiles, 2>, 3> unrolled;
  /// wider[w][q]: kernels of 5 + 2w columns and more, so many at a time, pixels of stride 1.
  std::array<Tiles, 2> wider;
  /// any[q]: kernels of any width and stride.
  Tiles any;
  /// part[w][d][q]: as `unrolled`, for less than a vector of channels. Of floats, where there are
  /// vectors of 16 of them.
  std::array<std::array<Tiles, 2>, 3> part;
};

/// Of the instructions in use now; T is float or double.
template <class T>
const DepthwiseChannelsKernels<T>& depthwise_channels_kernels() noexcept;

}  // namespace conv2d::simd

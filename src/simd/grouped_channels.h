// The inner loop of convolutions in groups of few channels, where the channels of a pixel lie side
// by side: vectors over the output channels of one or several groups. Compiled once for every
// instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace conv2d::simd {

/// A column that lies in zeros: its terms are left out.
inline constexpr std::ptrdiff_t no_column = std::numeric_limits<std::ptrdiff_t>::min();

/// What names a lane of a vector of T.
template <class T>
using LaneIndex = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// For Q output pixels and all output channels k of groups of G inputs and G outputs, where input i
/// of k's group is channel k / G * G + i,
///
///   out[q][k] = bias[k] + sum over i, r, s:
///               rows[r][columns[q * stride + s] + k / G * G + i] * weights[i][r][s][k]
///
/// each step one fused multiply-add where the processor has it. Every sum runs in that order
/// whatever Q is.
template <class T>
struct GroupedChannels {
  const T* const* rows;  ///< those that are nullptr lie in zeros
  std::size_t kernel_rows;
  const std::ptrdiff_t* columns;  ///< where pixels begin in a row, or no_column
  std::size_t kernel_columns;
  std::size_t stride;
  std::size_t inputs;  ///< G: 1, or another power of two
  /// [inputs][lanes]: which lane of a vector of pixels that begins with a group, or of a group's
  /// piece of one vector, is input i of the group of an output's lane.
  const LaneIndex<T>* spread;
  const T* weights;  ///< [i][r][s][weight_step]
  std::ptrdiff_t weight_step;
  const T* bias;
  T* to;
  std::ptrdiff_t to_step;  ///< from an output pixel to the next
  std::size_t channels;    ///< a vector's at least
};

template <class T>
using RunGroupedChannels = void (*)(const GroupedChannels<T>&);

inline constexpr std::size_t most_channel_pixels = 8;

/// Whether the loop for S columns of a kernel row takes wider kernels, S columns at a time.
template <std::size_t S, std::size_t Stride>
inline constexpr bool takes_wider = S >= 5 && Stride == 1;

template <class T>
struct GroupedChannelsKernels {
  std::size_t lanes;  ///< elements in a vector; 0 where there are no vectors of this type
  using Tiles = std::array<RunGroupedChannels<T>, most_channel_pixels + 1>;
  /// Of groups of one channel. unrolled[w][d][q]: kernels of 3 + 2w columns, or of more where the
  /// loop takes_wider, pixels of stride 1 + d, q outputs. Of floats only, as grouped_three is: each
  /// takes a compiler a second.
  std::array<std::array<Tiles, 2>, 3> unrolled;
  /// any[q]: kernels of any width and stride.
  Tiles any;
  /// The same for groups of several channels: kernels of 3 columns, and any.
  std::array<Tiles, 2> grouped_three;
  Tiles grouped_any;
};

/// Of the instructions in use now; T is float or double.
template <class T>
const GroupedChannelsKernels<T>& grouped_channels_kernels() noexcept;

}  // namespace conv2d::simd

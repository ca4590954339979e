// The inner loop of convolutions in groups of so few outputs that several share a vector. Compiled
// once for every instruction set.
//
// A dense tile broadcasts an input to all lanes of a vector of outputs. Here lanes belong to B
// groups in turns, lane l to group l mod B, and the i-th inputs of the B groups lie side by side: a
// block of B elements, which one load repeats over a vector. So groups of any size take the
// instructions that dense layers do, and no permutation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace conv2d::simd {

/// What names a lane of a vector of T.
template <class T>
using LaneIndex = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// For P output pixels of a row and the outputs of B groups
///
///   sum[q][o * B + b] = sum over i, r, s:
///                       rows[r][(q * stride + s) * pixel_step + i * B + b]
///                       * weights[i][r][s][o * B + b]
///   to[q * to_step + m] = sum[q][order[m]] + bias[m]    for m < outputs
///
/// each step of a sum one fused multiply-add where the processor has it. Every sum runs in that
/// order whatever P is.
template <class T>
struct JoinedGroups {
  const T* const* rows;  ///< where the first pixel begins in each; those that are nullptr lie in
                         ///< zeros, and are left out
  std::size_t kernel_rows;
  std::size_t kernel_columns;
  std::ptrdiff_t pixel_step;  ///< from a tap of a row to the next
  std::size_t stride;
  std::size_t inputs;  ///< of a group
  const T* weights;    ///< [inputs][kernel_rows][weight_row]
  std::ptrdiff_t weight_row;
  const LaneIndex<T>* order;  ///< [lanes]
  const T* bias;              ///< [lanes]
  T* to;
  std::ptrdiff_t to_step;
  std::size_t outputs;
  std::size_t tiles;  ///< each P pixels behind the one before
  bool streams;       ///< results go past the caches: all lanes, where a vector of memory begins
  /// What is read after this call: so many elements more of it are asked for with each input of a
  /// tile.
  const T* ahead;
  std::ptrdiff_t ahead_step;
};

/// For i < pixels and each vector of a pixel's channels, from v * lanes on,
///   to[i * to_step + v * lanes + m] = from[i * from_step + v * lanes + order[m]]
/// where channels that there are not are zeros. Pixels may be permuted where they lie.
template <class T>
struct JoinChannels {
  const T* from;
  std::ptrdiff_t from_step;
  std::size_t channels;  ///< nothing behind them is read
  T* to;
  std::ptrdiff_t to_step;
  const LaneIndex<T>* order;  ///< [lanes]
  std::size_t pixels;
};

inline constexpr std::size_t most_joined_pixels = 14;
/// Blocks of 1, 2, 4 and 8 elements, of which a vector has several.
inline constexpr std::size_t joined_blocks = 4;

template <class T>
struct JoinedGroupsKernels {
  std::size_t lanes;  ///< elements in a vector; 0 where there are no vectors of this type
  using Tile = void (*)(const JoinedGroups<T>&);
  /// By pixels; nullptr where there is no such tile.
  using Tiles = std::array<Tile, most_joined_pixels + 1>;
  struct OfBlock {
    /// unrolled[w][d]: kernels of 3 + 2w columns, pixels of stride 1 + d. Of floats only.
    std::array<std::array<Tiles, 2>, 2> unrolled;
    /// Kernels of any width and stride.
    Tiles any;
  };
  /// By the binary logarithm of a block's elements. Without tiles where a vector has no more.
  std::array<OfBlock, joined_blocks> blocks;
  /// [left]: pixels of the next tile where so many are left of a row, fewer than twice the most.
  std::array<std::uint8_t, 2 * most_joined_pixels> next;
  std::size_t most_pixels;  ///< of a tile
  void (*join)(const JoinChannels<T>&);
};

/// Of the instructions in use now; T is float or double.
template <class T>
const JoinedGroupsKernels<T>& joined_groups_kernels() noexcept;

}  // namespace conv2d::simd

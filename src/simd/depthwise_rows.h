// The inner loops of convolutions whose outputs have one input channel each: vectors along the
// pixels of a row, several output rows under way at once. Compiled once for every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace conv2d::simd {

/// For `count` output rows and J vectors of pixels,
///
///   out[i][q] = bias + sum over r, t:  rows[i * stride + r][columns[t] + q] * weights[t][r]
///
/// with r over the kernel's R rows and t over its columns, each step one fused multiply-add where
/// the processor has it. Every sum runs in that order whatever the shape of a tile is.
///
/// Where the channels of a pixel lie side by side a row of pixels is one long row in which every
/// element has the weights and the bias of its channel: for each lane of the vectors others. With C
/// channels these repeat after C vectors at most, and vectors so far apart go through one call.
template <class T>
struct DepthwiseRows {
  /// Rows that are nullptr lie in zeros: their terms are left out. A loop over rows in steps of the
  /// stride reads (count - 1 + ceil(R / stride)) * stride of them.
  const T* const* rows;
  std::span<const std::ptrdiff_t> columns;  ///< where each tap of the first pixel lies in a row
  const T* weights;                         ///< [columns][R]; interleaved: [columns][R][lanes]
  std::size_t kernel_rows;                  ///< R
  const T* bias;                            ///< one; interleaved: [lanes]
  std::ptrdiff_t vector_step;               ///< interleaved: from a vector of pixels to the next
  T* to;
  std::ptrdiff_t to_step;  ///< from an output row to the next
  std::size_t count;
  std::size_t last;  ///< how many pixels of the last vector are stored
  /// Stored past the caches (stream.h): whole vectors, which `to` and `to_step` are multiples of.
  bool streams;
};

template <class T>
using RunDepthwiseRows = void (*)(const DepthwiseRows<T>&);

inline constexpr std::size_t most_row_vectors = 4;

/// The loops of one shape.
template <class T>
struct DepthwiseRowsLoop {
  std::size_t vectors = 0;  ///< at most; 0 where there is no such loop
  /// run[j] of j vectors; run[0] of half a vector, nullptr where vectors are not halved.
  /// Interleaved ones are of one vector and of `vectors` alone.
  std::array<RunDepthwiseRows<T>, most_row_vectors + 1> run{};
};

/// Output rows that a tall loop computes at once.
inline constexpr std::size_t tall_rows[] = {1, 2, 4, 8};

template <class T>
struct DepthwiseRowsLoops {
  /// rolling[h][d]: for R = 3 + 2h and rows of strides 1 + d; any count.
  std::array<std::array<DepthwiseRowsLoop<T>, 2>, 3> rolling;
  /// The same for R = 3 and three columns, where all weights fit into registers.
  std::array<DepthwiseRowsLoop<T>, 2> three_by_three;
  /// tall[i]: for R >= tall_rows[i], rows of stride 1, a count of tall_rows[i].
  std::array<DepthwiseRowsLoop<T>, std::size(tall_rows)> tall;
};

template <class T>
struct DepthwiseRowsKernels {
  std::size_t lanes;  ///< elements in a vector; 0 where there are no vectors of this type
  DepthwiseRowsLoops<T> planes;
  /// Of floats and rows of stride 1 alone: three_by_three, rolling for R = 5, tall but for 2 rows.
  DepthwiseRowsLoops<T> interleaved;
};

/// Of the instructions in use now; T is float or double.
template <class T>
const DepthwiseRowsKernels<T>& depthwise_rows_kernels() noexcept;

}  // namespace conv2d::simd

// The inner loops of convolutions whose outputs have one input channel each, from planes whose rows
// are one vector or a few: every tap of a row comes out of one load of it. With vectors of 512 bits
// alone, which have masks for where a row ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace conv2d::simd {

inline constexpr std::size_t plane_lanes = 16;

/// Columns of a kernel.
inline constexpr std::size_t most_plane_taps = 5;

/// Lanes of each of two planes that share vectors.
inline constexpr std::size_t half_lanes = plane_lanes / 2;

/// Of a table of rows: no row, whose terms are left out.
inline constexpr std::ptrdiff_t no_row = std::numeric_limits<std::ptrdiff_t>::min();

/// Which lane has which column; for all planes of a layer the same.
///
/// A lane's own column is the one that the tap in the middle reads. Without strides it is the
/// element of the lane's number. With a stride of 2 two vectors are taken apart into even and odd
/// elements, so that two of each four lanes are from the first and two from the second. So are
/// those of two planes that are computed at once, whatever the stride: one row of each is a vector,
/// or without strides half a one.
struct PlaneLanes {
  std::ptrdiff_t begin;  ///< from where a row begins to the first vector's first element
  /// Elements of the vectors that there are.
  std::uint16_t first_mask;
  std::uint16_t second_mask;
  /// [column of the kernel]: the lane that each lane's column is in, and whether there is one.
  std::array<std::array<std::int32_t, plane_lanes>, most_plane_taps> source;
  std::array<std::uint16_t, most_plane_taps> mask;
  /// Elements of an output row that are stored; the second plane's are the second half's.
  std::uint16_t store_mask;
  std::uint16_t second_store_mask;
};

/// For `count` output rows of each of some planes, or pairs of planes,
///
///   out[i][q] = bias + sum over r, s:  row[i * stride + r][tap s of q] * weights[s][r]
///
/// each step one fused multiply-add in that order.
struct DepthwisePlane {
  const PlaneLanes& lanes;
  std::size_t planes;  ///< or pairs of them; one at least
  const float* plane;
  std::ptrdiff_t plane_step;
  std::ptrdiff_t second;  ///< from the first vector of a row to the second one, where there are two
  const std::ptrdiff_t* rows;  ///< where they begin: (count - 1 + ceil(R / stride)) * stride
  const float* weights;        ///< [plane][s][r]; of pairs [pair][s][r][4], each one's twice
  const float* bias;           ///< [plane]; of pairs [pair][4]
  float* to;                   ///< where the first lane's output would be
  std::ptrdiff_t to_plane_step;
  std::ptrdiff_t to_second;  ///< from there to the same of a pair's second plane
  std::ptrdiff_t to_step;    ///< from an output row to the next
  std::size_t count;         ///< at least ceil(R / stride) - 1
};

using RunDepthwisePlane = void (*)(const DepthwisePlane&);

struct DepthwisePlanesKernels {
  bool exist;
  /// [h][d][two]: for kernels of 3 + 2h rows and columns, strides of 1 + d, of pairs of planes.
  std::array<std::array<std::array<RunDepthwisePlane, 2>, 2>, 2> run;
};

/// Of the instructions in use now.
const DepthwisePlanesKernels& depthwise_planes_kernels() noexcept;

}  // namespace conv2d::simd

// How a depthwise convolution of planes is cut into pieces: output rows into strips, rows into
// regions and blocks of columns, and which inner loop computes them.
#pragma once

#include "algorithm/depthwise_rows_columns.h"
#include "algorithm/streaming.h"
#include "algorithm/strip_rows.h"
#include "algorithm/tap_classes.h"
#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"
#include "conv2d/threads.h"
#include "simd/depthwise_rows.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace conv2d::depthwise_rows {

/// Which inner loop computes output rows, and how many of them at once.
template <class T>
class RowLoop {
 public:
  RowLoop(const Problem& problem, Index stride, bool interleaved)
      : kernels_(simd::depthwise_rows_kernels<T>()),
        loops_(interleaved ? kernels_.interleaved : kernels_.planes),
        halves_(loops_.tall[0].run[0] != nullptr),
        stride_(stride) {
    const Index rows = problem.rows.kernel;
    if ((rows == 3 || rows == 5 || rows == 7) && stride <= 2) {
      const auto& rolling = rows == 3 && problem.columns.kernel == 3
                                ? loops_.three_by_three[at(stride - 1)]
                                : loops_.rolling[at((rows - 3) / 2)][at(stride - 1)];
      rolling_ = rolling.vectors > 0 ? &rolling : nullptr;
    }
    most_rows_ = stride == 1 ? rows : 1;
    const auto* loop = rolling_ != nullptr ? rolling_ : tall(problem.rows.output).loop;
    most_vectors_ = static_cast<Index>(loop->vectors);
  }

  Index most_vectors() const noexcept { return most_vectors_; }
  Index lanes() const noexcept { return static_cast<Index>(kernels_.lanes); }
  /// Output rows that are under way at once.
  Index rows_at_once(const Axis& rows) const {
    return rolling_ != nullptr ? divide_up(rows.kernel, stride_) : tall(rows.output).rows;
  }
  /// How many of them a loaded row of pixels serves: fewer at the top and bottom of a tall tile.
  double rows_served(const Axis& rows) const {
    const auto kernel = static_cast<double>(rows.kernel);
    const auto at_once = static_cast<double>(tall(rows.output).rows);
    return rolling_ != nullptr ? kernel / static_cast<double>(stride_)
                               : kernel * at_once / (kernel + at_once - 1);
  }
  bool halves() const noexcept { return halves_; }
  /// Whether sums are handed on from row to row.
  bool rolls() const noexcept { return rolling_ != nullptr; }

  /// All rows of a call, `tile.count` of them.
  void run(simd::DepthwiseRows<T> tile, Index vectors) const {
    if (rolling_ != nullptr) {
      rolling_->run[at(vectors)](tile);
      return;
    }
    const auto count = static_cast<Index>(tile.count);
    const Tall here = tall(count);
    const T* const* rows = tile.rows;
    T* to = tile.to;
    tile.count = at(here.rows);
    // The last tile may compute some rows again.
    for (Index i = 0; i < count; i += here.rows) {
      const Index first = std::min(i, count - here.rows);
      tile.rows = rows + first * stride_;
      tile.to = to + first * tile.to_step;
      here.loop->run[at(vectors)](tile);
    }
  }

 private:
  struct Tall {
    const simd::DepthwiseRowsLoop<T>* loop;
    Index rows;
  };
  /// The tile of as many rows as the kernel and the output have.
  Tall tall(Index count) const {
    std::size_t i = std::size(simd::tall_rows) - 1;
    while (loops_.tall[i].vectors == 0 ||
           (i > 0 && static_cast<Index>(simd::tall_rows[i]) > std::min(count, most_rows_))) {
      --i;
    }
    return {&loops_.tall[i], static_cast<Index>(simd::tall_rows[i])};
  }

  const simd::DepthwiseRowsKernels<T>& kernels_;
  const simd::DepthwiseRowsLoops<T>& loops_;
  bool halves_;
  const simd::DepthwiseRowsLoop<T>* rolling_ = nullptr;
  Index stride_;
  Index most_rows_;
  Index most_vectors_ = 0;
};

/// Interleaved channels: vectors so many further have the same channels in their lanes.
inline Index weight_period(Index channels, Index lanes) {
  return channels / std::gcd(channels, lanes);
}

/// How the tensors in hand lie in memory.
enum class Lying {
  strangely,     ///< in whatever strides
  side_by_side,  ///< the columns of the input
  interleaved,   ///< the channels of a pixel, and pixels after each other, in input and output
};

/// Depends on the instructions in use, on how the tensors lie and, without a change of any bit, on
/// the number of threads.
template <class T>
struct Cut {
  Cut(const Problem& problem, Lying lying)
      : classes(problem.rows),
        loop(problem, classes.stride, lying == Lying::interleaved),
        columns(problem, lying == Lying::interleaved),
        channels(lying == Lying::interleaved ? 1 : problem.in_channels) {
    if (lying == Lying::interleaved) {
      cut_elements();
    } else {
      cut_columns(lying == Lying::side_by_side);
    }
    for (Region& region : regions) {
      if (!region.inside) {
        lay_out(columns, loop.lanes(), region);
      }
      place_taps(columns.axis, region);
    }
    cut_rows(problem);
    for (Region& region : regions) {
      region.buffer = buffered;
      // What idle elements of the last vectors read, and what lies before the first row's columns.
      const Index around = 2 * loop.lanes();
      buffered += region.inside ? 0 : positions(problem) * region.row_step + around;
    }
  }

  std::size_t bytes() const {
    std::size_t bytes = 0;
    for (const Region& region : regions) {
      bytes += bytes_of(region);
    }
    return bytes;
  }
  /// Of a strip at most.
  Index positions(const Problem& problem) const { return strip_positions(problem.rows, rows); }

  /// Where a strip's output rows begin; strips are as even as can be.
  Index first_row(const Problem& problem, Index strip) const {
    return problem.rows.output * strip / strips;
  }
  Index items(const Problem& problem) const { return problem.batch * channels * strips; }

  TapClasses classes;  ///< of output rows
  RowLoop<T> loop;
  ColumnAxis columns;
  Index channels;  ///< that are computed one by one
  std::vector<Region> regions;
  Index widest = 0;  ///< columns of a block
  Index rows = 1;    ///< output rows of a strip at most
  Index strips = 1;
  Index buffered = 0;  ///< elements of all regions' buffers

 private:
  void cut_columns(bool side_by_side) {
    const Index lanes = loop.lanes();
    const Index outputs = columns.axis.output;
    const Index over = outputs % lanes;
    const bool half = loop.halves() && over > 0 && over <= lanes / 2;
    const Index vectors = half ? outputs / lanes : divide_up(outputs, lanes);
    const Index count = divide_up(vectors, loop.most_vectors());
    Index first = 0;
    for (Index i = 0; i < count + (half ? 1 : 0); ++i) {
      const Index here = i == count ? 0 : vectors / count + (i < vectors % count ? 1 : 0);
      const Index wide = i == count ? lanes / 2 : here * lanes;
      const Index before_last = std::max<Index>(here - 1, 0) * lanes;
      const Index last = std::min(wide, outputs - first) - before_last;
      Region& region = region_of(first, wide, side_by_side);
      region.blocks.push_back({first, here, wide, last, 0, {}});
      widest = std::max(widest, wide);
      first += wide;
    }
  }

  /// Vectors that have the same weights go through one call, `period` apart: as many as it takes,
  /// and what is left one by one.
  void cut_elements() {
    const Index lanes = loop.lanes();
    const Index outputs = columns.axis.output;
    const Index period = weight_period(columns.channels, lanes);
    const Index vectors = divide_up(outputs, lanes);
    for (Index v = 0; v < vectors;) {
      const Index together = vectors - v >= period * loop.most_vectors() ? loop.most_vectors() : 1;
      const Index here = std::min(vectors - v, period * together);
      Region& region = region_of(v * lanes, here * lanes, true);
      for (Index phase = 0; phase < std::min(here, period); ++phase) {
        const Index first = (v + phase) * lanes;
        const Index end = first + ((together - 1) * period + 1) * lanes;
        region.blocks.push_back(
            {first, together, 0, lanes - std::max<Index>(0, end - outputs), phase, {}});
      }
      v += here;
    }
  }

  /// The region that columns from `first` on, all before it being cut, belong to.
  Region& region_of(Index first, Index wide, bool side_by_side) {
    const Axis& axis = columns.axis;
    const bool inside = side_by_side && axis.stride == 1 && axis.position(first, 0) >= 0 &&
                        axis.position(first + wide - 1, axis.kernel - 1) < axis.input;
    if (regions.empty() || regions.back().inside != inside) {
      regions.push_back({inside, first, 0, {}, {}});
    }
    regions.back().wide += wide;
    return regions.back();
  }

  /// Of a strip. The blocks of wide rows follow each other in a strip, and what a processor brings
  /// for the next block, asked or unasked, has to be there still when its turn comes. Tall tiles
  /// lose little by low strips: 8 rows instead of 64 gain 4 to 30% where the second cache does not
  /// hold a plane, or channels interleave and several blocks read a line; else they lose 2 to 4%.
  /// Rolling sums lose at the top and the bottom of each, so only short ones that wait for memory
  /// go by low strips: 12 to 20 rows of 3x3 taps are a third to a half faster than 64.
  Index best_rows(const Problem& problem) const {
    constexpr Index most = 64;
    if (columns.axis.output <= 2 * loop.most_vectors() * loop.lanes()) {
      return most;
    }
    if (!loop.rolls()) {
      const std::size_t plane = at(problem.rows.input * columns.axis.input) * sizeof(T);
      const bool low = classes.stride == 1 && (columns.channels > 1 || is_far(plane));
      return low ? static_cast<Index>(simd::tall_rows[std::size(simd::tall_rows) - 1]) : most;
    }
    return problem.rows.kernel <= 3 && leaves_caches(problem) ? 14 : most;
  }

  /// As many rows as buffers of 64 KiB hold, and pieces for all threads.
  void cut_rows(const Problem& problem) {
    const Index best = best_rows(problem);
    constexpr Index most_bytes = 65536;
    Index row = 0;
    for (const Region& region : regions) {
      row += region.row_step;
    }
    const Index output = std::max<Index>(problem.rows.output, 1);
    const Index fit = most_bytes / static_cast<Index>(sizeof(T)) / std::max<Index>(1, row);
    const Index most = std::max<Index>((fit - problem.rows.extent()) / problem.rows.stride + 1,
                                       2 * problem.rows.kernel);
    const Index planes = std::max<Index>(problem.batch * channels, 1);
    const Index wanted = num_threads() == 1 ? 1 : divide_up(Index{4} * num_threads(), planes);
    strips =
        std::clamp<Index>(std::max(divide_up(output, std::min(most, best)), wanted), 1, output);
    rows = divide_up(output, strips);
  }
};

}  // namespace conv2d::depthwise_rows

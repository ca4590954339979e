// What one thread of separable filters does.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/epilogue.h"
#include "algorithm/plane_sum.h"
#include "algorithm/scratch_memory.h"
#include "algorithm/separable_cut.h"
#include "algorithm/strip_rows.h"
#include "algorithm/vector_types.h"
#include "simd/copy_rows.h"
#include "simd/depthwise_rows.h"
#include "simd/separable.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace conv2d::separable {

/// Everything that one run shares between threads.
struct Run {
  const Problem& problem;
  const Operands& operands;
  Cut cut;
  const float* taps;     ///< [k][r][s]
  const float* factors;  ///< [k][R of the column, S of the row]
  std::vector<float> bias;
  std::vector<float> limits;  ///< of finite inputs: no sum of filter k with smaller ones overflows
};

/// Where that is certain: the sums of magnitudes are half of the largest number at most.
inline float limit_of(const Problem& problem, const float* factors) {
  const auto add = [](double sum, float factor) { return sum + std::abs(factor); };
  const float* const row = factors + problem.rows.kernel;
  const double column = std::accumulate(factors, row, 0.0, add);
  const double both = column * std::accumulate(row, row + problem.columns.kernel, 0.0, add);
  return static_cast<float>(0x1p126 / std::max(column, both));
}

/// One thread's part: a strip of an image's output rows at a time.
class Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run& run)
      : run_(run),
        kernels_(simd::depthwise_rows_kernels<float>()),
        copies_(simd::row_copies<float>()),
        filter_rows_(simd::separable_kernels().filter_rows),
        strides_(run.operands.first.strides()),
        to_strides_(run.operands.result.strides()),
        sources_(at(strip_positions(run.problem.rows, run.cut.rows))),
        rows_(sources_.size()),
        copy_(at(run.cut.copied(run.problem))),
        sums_(at(run.cut.sums())),
        results_(to_strides_[3] == run.cut.together ? 0 : sums_.size()) {}

  /// Bytes at most.
  static std::size_t bytes(const Problem& problem, const Cut& cut) {
    return at(cut.copied(problem) + 2 * cut.sums()) * sizeof(float) +
           at(strip_positions(problem.rows, cut.rows)) * 2 * sizeof(Index);
  }

  /// Item i is an image and a strip; strips change fastest.
  void compute(Index item) {
    const Problem& problem = run_.problem;
    image_ = item / run_.cut.strips;
    first_row_ = run_.cut.first_row(problem, item % run_.cut.strips);
    count_ = run_.cut.first_row(problem, item % run_.cut.strips + 1) - first_row_;
    positions_ = strip_positions(problem.rows, count_);
    find_strip_rows(problem, first_row_, positions_, sources_.data());
    for (const Tile& tile : run_.cut.tiles) {
      for (Index channel = 0; channel < problem.in_channels; channel += run_.cut.together) {
        plane_ = static_cast<const float*>(run_.operands.first.data()) + image_ * strides_[0] +
                 channel * strides_[1];
        compute_channel(tile, channel);
      }
    }
    finish(run_.operands.result, run_.operands.epilogue,
           {0, problem.out_channels, image_ * problem.rows.output + first_row_, count_});
  }

 private:
  void compute_channel(const Tile& tile, Index channel) {
    // Channels that are computed together have one filter: the first of them.
    const Index outputs = run_.problem.out_channels_per_group();
    load(tile);
    for (Index row = 0; row < count_; row += Cut::rows_at_once) {
      for (Index k = channel * outputs; k < (channel + 1) * outputs; ++k) {
        filter(tile, k, row, std::min(Cut::rows_at_once, count_ - row));
      }
    }
  }

  /// Where each position of the strip has the tile's elements.
  void load(const Tile& tile) {
    for (Index i = 0; i < positions_; ++i) {
      const Index h = sources_[at(i)];
      const float* const row = h == nowhere ? nullptr : plane_ + h * strides_[2];
      if (tile.in_place && row != nullptr) {
        rows_[at(i)] = row + (tile.from - tile.inner) * run_.cut.together;
      } else {
        rows_[at(i)] = row == nullptr ? nullptr : copy_row(tile, row, i);
      }
    }
  }

  const float* copy_row(const Tile& tile, const float* row, Index position) {
    const Index together = run_.cut.together;
    float* const to = copy_.data() + position * run_.cut.pitch;
    copies_.copy({.from = row + tile.from * strides_[3],
                  .from_step = 0,
                  .stride = together > 1 ? 1 : strides_[3],
                  .to = to + tile.inner * together,
                  .to_step = 0,
                  .rows = 1,
                  .count = at((tile.inner_end - tile.inner) * together)});
    for (const auto& [element, w] : tile.border) {
      for (Index c = 0; c < together; ++c) {
        to[element * together + c] = w == nowhere ? 0 : row[w * strides_[3] + c];
      }
    }
    return to;
  }

  /// Filter k for `count` of the strip's rows from `row` on.
  void filter(const Tile& tile, Index k, Index row, Index count) {
    sum_columns(tile, factors(k), row, count);
    const Index together = run_.cut.together;
    const bool direct = to_strides_[3] == together;
    float* const to = output(k, first_row_ + row, tile.first);
    const simd::RowFilter along_rows{
        .from = sums_.data(),
        .from_step = run_.cut.pitch,
        .taps = {factors(k) + run_.problem.rows.kernel, at(run_.problem.columns.kernel)},
        .tap_step = together,
        .bias = run_.bias[at(k)],
        .to = direct ? to : results_.data(),
        .to_step = direct ? to_strides_[2] : run_.cut.pitch,
        .rows = at(count),
        .columns = at(tile.outputs * together)};
    const bool finite = filter_rows_(along_rows);
    for (Index i = 0; i < count && !direct; ++i) {
      const float* const from = results_.data() + i * run_.cut.pitch;
      for (Index q = 0; q < tile.outputs; ++q) {
        to[i * to_strides_[2] + q * to_strides_[3]] = from[q];
      }
    }
    if (!finite && may_overflow(tile, k, row, count)) {
      repair(tile, k, row, count);
    }
  }

  /// The sums along columns of all elements, those beyond the border too.
  void sum_columns(const Tile& tile, const float* column, Index row, Index count) {
    const Index lanes = run_.cut.lanes;
    const Index together = run_.cut.together;
    Index first = tile.in_place ? tile.inner * together : 0;
    const Index end = tile.in_place ? tile.inner_end * together
                                    : divide_up(tile.elements * together, lanes) * lanes;
    while (first < end) {
      const Index vectors = std::max<Index>(1, (end - first) / lanes);
      // The last ones begin earlier where less than a vector is left, and compute some again.
      first = std::min(first, end - lanes);
      first += lanes * sum_vectors(column, row, count, first, vectors);
    }
    for (Index i = 0; i < count && tile.in_place; ++i) {
      float* const sums = sums_.data() + i * run_.cut.pitch;
      for (const auto& [element, w] : tile.border) {
        for (Index c = 0; c < together; ++c) {
          sums[element * together + c] =
              w == nowhere ? 0 : sums[(w - tile.from + tile.inner) * together + c];
        }
      }
    }
  }

  /// Some vectors of elements from `first` on; returns how many.
  Index sum_vectors(const float* column, Index row, Index count, Index first, Index most) {
    std::size_t tile = std::size(simd::tall_rows) - 1;
    while (simd::tall_rows[tile] > at(std::min(count, run_.problem.rows.kernel))) {
      --tile;
    }
    const auto high = static_cast<Index>(simd::tall_rows[tile]);
    const Index vectors = std::min(most, static_cast<Index>(kernels_.planes.tall[tile].vectors));
    const std::ptrdiff_t only[] = {first};
    constexpr float no_bias = 0;
    for (Index i = 0; i < count; i += high) {
      // The last ones may compute some rows again.
      const Index from = std::min(i, count - high);
      kernels_.planes.tall[tile].run[at(vectors)](
          {.rows = rows_.data() + row + from,
           .columns = only,
           .weights = column,
           .kernel_rows = at(run_.problem.rows.kernel),
           .bias = &no_bias,
           .to = sums_.data() + from * run_.cut.pitch + first,
           .to_step = run_.cut.pitch,
           .count = at(high),
           .last = at(run_.cut.lanes),
           .streams = false});
    }
    return vectors;
  }

  /// Whether some input of these rows is so large that a sum of finite terms may be infinite: one
  /// on the way to a result, so that the definition's sum may be none.
  bool may_overflow(const Tile& tile, Index k, Index row, Index count) const {
    const float limit = run_.limits[at(k)];
    const Index begin = (tile.in_place ? tile.inner : 0) * run_.cut.together;
    const Index end = (tile.in_place ? tile.inner_end : tile.elements) * run_.cut.together;
    for (Index i = row; i < row + count + run_.problem.rows.kernel - 1; ++i) {
      const float* const from = rows_[at(i)];
      const auto large = [limit](float x) { return std::abs(x) > limit && std::isfinite(x); };
      if (from != nullptr && std::any_of(from + begin, from + end, large)) {
        return true;
      }
    }
    return false;
  }

  /// Computes infinite and NaN outputs once more, by the definition.
  void repair(const Tile& tile, Index first, Index row, Index count) const {
    for (Index k = first; k < first + run_.cut.together; ++k) {
      for (Index p = first_row_ + row; p < first_row_ + row + count; ++p) {
        for (Index q = tile.first; q < tile.first + tile.outputs; ++q) {
          float& y = *output(k, p, q);
          y = std::isfinite(y) ? y : defined(k, k - first, p, q) + run_.bias[at(k)];
        }
      }
    }
  }

  /// Of filter k over a channel counted from the current plane's on.
  float defined(Index k, Index channel, Index p, Index q) const {
    const Index columns = run_.problem.columns.kernel;
    const float* const taps = run_.taps + k * run_.problem.rows.kernel * columns;
    return plane_sum(run_.problem, plane_ + channel * strides_[1], strides_, p, q,
                     [&](Index r, Index s) { return taps[r * columns + s]; });
  }

  const float* factors(Index k) const {
    return run_.factors + k * (run_.problem.rows.kernel + run_.problem.columns.kernel);
  }

  float* output(Index k, Index row, Index column) const {
    return static_cast<float*>(run_.operands.result.data()) + image_ * to_strides_[0] +
           k * to_strides_[1] + row * to_strides_[2] + column * to_strides_[3];
  }

  const Run& run_;
  const simd::DepthwiseRowsKernels<float>& kernels_;
  const simd::RowCopies<float>& copies_;
  bool (*filter_rows_)(const simd::RowFilter&);
  Strides strides_;                 ///< of the input
  Strides to_strides_;              ///< of the output
  std::vector<Index> sources_;      ///< [position of the strip]: which row of the input it is
  std::vector<const float*> rows_;  ///< [position]: where the current tile's elements are
  ScratchVector<float> copy_;       ///< [position][element][channel], where tiles are copied
  ScratchVector<float> sums_;       ///< [row][element][channel]: along columns
  ScratchVector<float> results_;    ///< [row][column], on the way to strange strides
  const float* plane_ = nullptr;
  Index image_ = 0;
  Index first_row_ = 0;
  Index count_ = 0;      ///< rows of the strip
  Index positions_ = 0;  ///< that these read
};

}  // namespace conv2d::separable

// What one thread of a depthwise convolution of planes does.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/buffer.h"
#include "algorithm/depthwise_rows_cut.h"
#include "algorithm/epilogue.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/plane_sum.h"
#include "algorithm/scratch_memory.h"
#include "algorithm/strip_rows.h"
#include "algorithm/vector_types.h"
#include "simd/copy_rows.h"
#include "simd/stream.h"

#include <algorithm>
#include <vector>

namespace conv2d::depthwise_rows {

/// Outputs of a pixel that all read the one channel and, where they are to lie side by side, wait
/// for each other; else 1.
inline Index outputs_together(const Problem& problem) {
  return problem.in_channels == 1 && may_interleave(problem.out_channels) ? problem.out_channels
                                                                          : 1;
}

/// Whether they do lie so.
inline bool outputs_interleave(const Problem& problem, TensorView result) {
  return outputs_together(problem) > 1 &&
         channels_interleave(result.strides(), problem.out_channels);
}

/// Everything that one run shares between threads.
template <class T>
struct Run {
  const Problem& problem;
  const Operands& operands;
  Cut<T> cut;
  const T* weights;  ///< [k][s][r]
  const T* spread;   ///< [phase][s][r][lane], where channels are interleaved
  bool plain;        ///< weights are not finite and there are zeros beyond the border
  bool streams;      ///< results go past the caches
  std::vector<T> bias;
  std::vector<T> spread_bias;  ///< [phase][lane]
};

/// One thread's part: a strip of the output rows of a channel at a time.
template <class T>
class Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run<T>& run)
      : run_(run),
        copies_(simd::row_copies<T>()),
        strides_(run.operands.first.strides()),
        to_strides_(run.operands.result.strides()),
        outputs_interleave_(outputs_interleave(run.problem, run.operands.result)),
        buffer_(run.cut.buffered),
        rows_(at(most_rows(run.problem, run.cut))),
        sources_(at(run.cut.positions(run.problem))),
        sums_(to_strides_[3] == 1 ? 0
                                  : at(outputs_together(run.problem) * block_elements(run.cut))) {
    std::fill_n(buffer_.data(), run.cut.buffered, T{});
  }

  /// Bytes at most.
  static std::size_t bytes(const Problem& problem, const Cut<T>& cut) {
    return at(cut.buffered + outputs_together(problem) * block_elements(cut)) * sizeof(T) +
           at(most_rows(problem, cut) + cut.positions(problem)) * sizeof(Index);
  }

  /// Item i is an image, a channel, or all that are interleaved, and a strip; strips change
  /// fastest.
  void compute(Index item) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index strip = item % cut.strips;
    channel_ = item / cut.strips % cut.channels;
    image_ = item / cut.strips / cut.channels;
    plane_ = static_cast<const T*>(run_.operands.first.data()) + image_ * strides_[0] +
             channel_ * strides_[1];
    if (strip != strip_) {
      strip_ = strip;
      first_row_ = cut.first_row(problem, strip);
      count_ = cut.first_row(problem, strip + 1) - first_row_;
      find_rows();
    }
    if (run_.plain) {
      sum_plainly();
    } else {
      compute_strip();
    }
    if (run_.streams) {
      simd::flush_streams();
    }
    const Index outputs = problem.out_channels / cut.channels;
    finish(run_.operands.result, run_.operands.epilogue,
           {channel_ * outputs, outputs, image_ * problem.rows.output + first_row_, count_});
  }

 private:
  void compute_strip() {
    const Cut<T>& cut = run_.cut;
    for (const Region& region : cut.regions) {
      if (!region.inside) {
        fill(region);
      }
      for (Index first = 0; first < std::min(cut.classes.apart, count_); ++first) {
        compute_rows(region, first);
      }
    }
  }

  static Index block_elements(const Cut<T>& cut) { return cut.rows * cut.widest; }

  /// Pointers that a call may read.
  static Index most_rows(const Problem& problem, const Cut<T>& cut) {
    return (cut.rows + problem.rows.kernel) * cut.classes.stride;
  }

  /// Which input row each position of the strip reads.
  void find_rows() {
    const Axis& axis = run_.problem.rows;
    const Index first = first_row_ * axis.stride - axis.pad_before;
    const Index positions = strip_positions(run_.problem.rows, count_);
    find_strip_rows(run_.problem, first_row_, positions, sources_.data());
    inner_ = std::clamp<Index>(-first, 0, positions);
    inner_end_ = std::clamp<Index>(axis.input - first, inner_, positions);
  }

  /// Copies the strip's rows: those of the input at once, those beyond its border one by one.
  void fill(const Region& region) {
    const Index positions = strip_positions(run_.problem.rows, count_);
    if (inner_end_ > inner_) {
      fill_rows(region, inner_, inner_end_ - inner_);
    }
    for (Index i = 0; i < positions; i = i + 1 == inner_ ? inner_end_ : i + 1) {
      if ((i < inner_ || i >= inner_end_) && sources_[at(i)] != nowhere) {
        fill_rows(region, i, 1);
      }
    }
  }

  void fill_rows(const Region& region, Index position, Index count) {
    const T* from = plane_ + sources_[at(position)] * strides_[2];
    T* to = buffer_.data() + region.buffer + position * region.row_step;
    if (splits(region)) {
      split_rows(region, from, to, count);
    } else {
      for (const ColumnPhase& phase : region.phases) {
        copies_.copy({.from = from + phase.from * column_step(),
                      .from_step = strides_[2],
                      .stride = run_.problem.columns.stride * column_step(),
                      .to = to + phase.begin + phase.inner,
                      .to_step = region.row_step,
                      .rows = at(count),
                      .count = at(phase.count)});
      }
    }
    for (const ColumnPhase& phase : region.phases) {
      for (Index i = 0; i < count && !phase.border.empty(); ++i) {
        for (const auto& [u, w] : phase.border) {
          to[i * region.row_step + phase.begin + u] = from[i * strides_[2] + w * column_step()];
        }
      }
    }
  }

  /// From a column of the input to the next.
  Index column_step() const { return interleaved() ? 1 : strides_[3]; }
  bool interleaved() const { return run_.spread != nullptr; }

  /// Whether two phases have every second column each.
  bool splits(const Region& region) const {
    return run_.problem.columns.stride == 2 && strides_[3] == 1 && region.phases.size() == 2 &&
           region.phases[0].count > 0 && region.phases[1].count > 0;
  }

  void split_rows(const Region& region, const T* from, T* to, Index count) const {
    const bool swapped = region.phases[1].from < region.phases[0].from;
    const ColumnPhase& even = region.phases[swapped ? 1 : 0];
    const ColumnPhase& odd = region.phases[swapped ? 0 : 1];
    copies_.split({.from = from + even.from,
                   .from_step = strides_[2],
                   .even = to + even.begin + even.inner,
                   .odd = to + odd.begin + odd.inner,
                   .to_step = region.row_step,
                   .rows = at(count),
                   .count = at(even.count + odd.count)});
  }

  /// A class of output rows from the `first` of the strip on, in a region.
  void compute_rows(const Region& region, Index first) {
    const Index outputs = interleaved() ? 1 : run_.problem.out_channels_per_group();
    const Index count = divide_up(count_ - first, run_.cut.classes.apart);
    point_at_rows(region, first, count);
    for (const Block& block : region.blocks) {
      for (Index k = channel_ * outputs; k < (channel_ + 1) * outputs; ++k) {
        compute_block(block, k, first, count);
      }
      if (outputs_interleave_) {
        interleave_out(block, first, count);
      }
    }
  }

  void compute_block(const Block& block, Index k, Index first, Index count) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index lanes = cut.loop.lanes();
    const Index taps = problem.rows.kernel * problem.columns.kernel;
    const Index period = interleaved() ? weight_period(problem.in_channels, lanes) : 1;
    const bool direct = interleaved() || to_strides_[3] == 1;
    T* const sums = sums_.data() + (outputs_interleave_ ? k * block_elements(cut) : 0);
    T* const to =
        output(k, first_row_ + first, 0) + block.first * (interleaved() ? 1 : to_strides_[3]);
    cut.loop.run({.rows = rows_.data(),
                  .columns = block.taps,
                  .weights = interleaved() ? run_.spread + block.phase * taps * lanes
                                           : run_.weights + k * taps,
                  .kernel_rows = at(problem.rows.kernel),
                  .bias = interleaved() ? run_.spread_bias.data() + block.phase * lanes
                                        : run_.bias.data() + k,
                  .vector_step = period * lanes,
                  .to = direct ? to : sums,
                  .to_step = direct ? cut.classes.apart * to_strides_[2] : block.wide,
                  .count = at(count),
                  .last = at(block.last),
                  .streams = direct && run_.streams && block.vectors > 0 && block.last == lanes},
                 block.vectors);
    if (!direct && !outputs_interleave_) {
      copy_out(block, count, to);
    }
  }

  /// The rows that a class of output rows reads; those of a buffer are the same for every channel.
  void point_at_rows(const Region& region, Index first, Index count) {
    const Axis& axis = run_.problem.rows;
    const Index stride = run_.cut.classes.stride;
    if (!region.inside && pointed_.region == &region && pointed_.strip == strip_ &&
        pointed_.first == first) {
      return;
    }
    pointed_ = {&region, strip_, first};
    const T* const from = region.inside ? plane_ : buffer_.data() + region.buffer;
    const Index real = (count - 1) * stride + axis.kernel;
    Index i = first * axis.stride;
    for (Index j = 0; j < real; ++j, i += axis.dilation) {
      const Index source = sources_[at(i)];
      rows_[at(j)] = source == nowhere
                         ? nullptr
                         : from + (region.inside ? source * strides_[2] : i * region.row_step);
    }
    const Index read = (count - 1 + divide_up(axis.kernel, stride)) * stride;
    std::fill(rows_.begin() + real, rows_.begin() + std::max(real, read), nullptr);
  }

  T* output(Index k, Index row, Index column) const {
    return static_cast<T*>(run_.operands.result.data()) + image_ * to_strides_[0] +
           k * to_strides_[1] + row * to_strides_[2] + column * to_strides_[3];
  }

  /// Pixels of a block that there are.
  Index columns_of(const Block& block) const {
    return std::max<Index>(block.vectors - 1, 0) * run_.cut.loop.lanes() + block.last;
  }

  void interleave_out(const Block& block, Index first, Index count) const {
    const Index outputs = run_.problem.out_channels;
    const bool streams = run_.streams && block.first * outputs % run_.cut.loop.lanes() == 0;
    const auto turn = streams ? simd::kernels<T>().stream_transpose : simd::kernels<T>().transpose;
    for (Index i = 0; i < count; ++i) {
      T* const to = output(0, first_row_ + first + i * run_.cut.classes.apart, block.first);
      turn(sums_.data() + i * block.wide, block_elements(run_.cut), to, outputs, columns_of(block),
           outputs);
    }
  }

  void copy_out(const Block& block, Index count, T* to) const {
    const Index columns = columns_of(block);
    for (Index i = 0; i < count; ++i, to += run_.cut.classes.apart * to_strides_[2]) {
      for (Index q = 0; q < columns; ++q) {
        to[q * to_strides_[3]] = sums_[at(i * block.wide + q)];
      }
    }
  }

  /// Where a weight is infinite or NaN, terms in the zeros beyond the border are left out one by
  /// one.
  void sum_plainly() {
    const Problem& problem = run_.problem;
    const Index outputs = problem.out_channels / run_.cut.channels;
    for (Index k = channel_ * outputs; k < (channel_ + 1) * outputs; ++k) {
      for (Index p = first_row_; p < first_row_ + count_; ++p) {
        for (Index q = 0; q < problem.columns.output; ++q) {
          *output(k, p, q) = plain_sum(k, p, q) + run_.bias[at(k)];
        }
      }
    }
  }

  T plain_sum(Index k, Index p, Index q) const {
    const Index rows = run_.problem.rows.kernel;
    const T* weights = run_.weights + k * rows * run_.problem.columns.kernel;
    const T* plane = interleaved() ? plane_ + k * strides_[1] : plane_;
    return plane_sum(run_.problem, plane, strides_, p, q,
                     [&](Index r, Index s) { return weights[s * rows + r]; });
  }

  const Run<T>& run_;
  const simd::RowCopies<T>& copies_;
  Strides strides_;             ///< of the input
  Strides to_strides_;          ///< of the output
  bool outputs_interleave_;     ///< all outputs of a pixel, which lie side by side
  Buffer<T> buffer_;            ///< [region][position][phase]; zeros of the border stay
  std::vector<const T*> rows_;  ///< that a call reads
  std::vector<Index> sources_;  ///< [position of the strip]
  ScratchVector<T> sums_;       ///< [output][row][column] of a block, on the way to strange strides
  /// Whose rows those are.
  struct {
    const Region* region = nullptr;
    Index strip = -1;
    Index first = -1;
  } pointed_;
  const T* plane_ = nullptr;
  Index image_ = 0;
  Index channel_ = 0;
  Index strip_ = -1;
  Index first_row_ = 0;
  Index count_ = 0;      ///< rows of the strip
  Index inner_ = 0;      ///< the strip's first position that is a row of the input
  Index inner_end_ = 0;  ///< and one behind the last
};

}  // namespace conv2d::depthwise_rows

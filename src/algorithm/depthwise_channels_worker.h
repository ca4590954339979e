// What one thread of a depthwise convolution with vectors along channels does.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/buffer.h"
#include "algorithm/depthwise_channels_cut.h"
#include "algorithm/epilogue.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/strip_rows.h"
#include "algorithm/vector_types.h"
#include "simd/depthwise_channels.h"
#include "simd/fetch.h"
#include "simd/kernels.h"
#include "simd/stream.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace conv2d::depthwise_channels {

/// Everything that one run shares between threads.
template <class T>
struct Run {
  const Problem& problem;
  const Operands& operands;
  Cut<T> cut;
  const T* weights;                     ///< see simd::DepthwiseChannels
  std::vector<T> bias;                  ///< [padded]
  std::vector<std::ptrdiff_t> columns;  ///< [class of outputs][position]: where its pixel begins
  bool streams;                         ///< results go past the caches
  bool fetches;                         ///< the next item's input meanwhile
};

/// Positions of the columns that a class of outputs reads at most.
template <class T>
Index class_step(const Problem& problem, const Cut<T>& cut) {
  const Index outputs = divide_up(problem.columns.output, cut.classes.apart);
  return std::max<Index>(0, outputs - 1) * cut.classes.stride + problem.columns.kernel;
}

/// Where the pixels begin in a row that the outputs of each class read, one class after the other.
template <class T>
std::vector<std::ptrdiff_t> columns_of(const Problem& problem, const Cut<T>& cut,
                                       std::ptrdiff_t pixel_step) {
  const Axis& axis = problem.columns;
  const Index step = class_step(problem, cut);
  std::vector<std::ptrdiff_t> columns(at(step * cut.classes.apart), simd::no_column);
  for (Index first = 0; first < std::min(cut.classes.apart, axis.output); ++first) {
    const Index outputs = divide_up(axis.output - first, cut.classes.apart);
    for (Index j = 0; j < (outputs - 1) * cut.classes.stride + axis.kernel; ++j) {
      const Index w = border_index(problem.padding_mode,
                                   axis.position(first, 0) + j * axis.dilation, axis.input);
      if (w != nowhere) {
        columns[at(first * step + j)] = w * pixel_step;
      }
    }
  }
  return columns;
}

/// One thread's part: a strip of the output rows of a block of channels at a time.
template <class T>
class Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run<T>& run)
      : run_(run),
        strides_(run.operands.first.strides()),
        to_strides_(run.operands.result.strides()),
        rows_(at(run.cut.positions(run.problem))),
        sources_(at(run.cut.positions(run.problem))) {
    if (run.cut.in_place) {
      return;
    }
    input_.emplace(run.cut.turned_input(run.problem));
    if (!run.cut.writes_in_place) {
      output_.emplace(run.cut.turned_output(run.problem));
    }
    if (run.cut.padded > run.cut.channels) {  // channels that there are not are computed too
      std::fill_n(input_->data(), run.cut.turned_input(run.problem), T{});
    }
  }

  static std::size_t bytes(const Problem& problem, const Cut<T>& cut) {
    return at(cut.turned_input(problem) + cut.turned_output(problem)) * sizeof(T) +
           at(2 * cut.positions(problem)) * sizeof(Index);
  }

  /// Item i is an image, a block of channels and a strip; strips change fastest.
  void compute(Index item) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index strip = item % cut.strips;
    const auto [image, channel] = cut.place(problem, item);
    image_ = image;
    first_channel_ = channel;
    channels_ = std::min(cut.block, cut.channels - first_channel_);
    first_row_ = cut.first_row(problem, strip);
    count_ = cut.first_row(problem, strip + 1) - first_row_;
    positions_ = strip_positions(problem.rows, count_);
    find_strip_rows(problem, first_row_, positions_, sources_.data());
    if (!cut.in_place) {
      turn_input();
      if (run_.fetches && item + 1 < cut.items(problem)) {
        fetch_planes(item + 1);
      }
    }
    point_at_rows();
    for (Index p = 0; p < count_; p += cut.band) {
      compute_band(p, std::min(cut.band, count_ - p));
    }
    if (!cut.writes_in_place) {
      turn_output();
    }
    if (run_.streams) {
      simd::flush_streams();
    }
    finish(run_.operands.result, run_.operands.epilogue,
           {first_channel_, channels_, image_ * problem.rows.output + first_row_, count_});
  }

 private:
  const T* source(Index row) const {
    return static_cast<const T*>(run_.operands.first.data()) + image_ * strides_[0] +
           first_channel_ * strides_[1] + row * strides_[2];
  }
  T* target(Index p) const {
    return static_cast<T*>(run_.operands.result.data()) + image_ * to_strides_[0] +
           first_channel_ * to_strides_[1] + (first_row_ + p) * to_strides_[2];
  }

  /// Asks for the planes of an item to come, which lie one behind the other.
  void fetch_planes(Index item) const {
    const auto [image, channel] = run_.cut.place(run_.problem, item);
    const T* const from = static_cast<const T*>(run_.operands.first.data()) + image * strides_[0] +
                          channel * strides_[1];
    const Index channels = std::min(run_.cut.block, run_.cut.channels - channel);
    simd::fetch_for_reading(from, channels * strides_[1]);
  }

  /// Rows that follow each other in the input are turned at once where they lie so in memory.
  void turn_input() {
    const Index width = run_.problem.columns.input;
    const bool dense = rows_follow(strides_, width);
    for (Index i = 0, count = 1; i < positions_; i += count, count = 1) {
      if (sources_[at(i)] == nowhere) {
        continue;
      }
      while (dense && i + count < positions_ &&
             sources_[at(i + count)] == sources_[at(i)] + count) {
        ++count;
      }
      load_row(source(sources_[at(i)]), strides_, input_->data() + i * width * run_.cut.block,
               run_.cut.block, channels_, count * width);
    }
  }

  void turn_output() {
    const Index width = run_.problem.columns.output;
    const bool dense = rows_follow(to_strides_, width);
    const Index lines = dense ? 1 : count_;
    const Index pixels = dense ? count_ * width : width;
    for (Index line = 0; line < lines; ++line) {
      store_row(output_->data() + line * width * run_.cut.block, run_.cut.block, target(line),
                to_strides_, channels_, pixels);
    }
  }

  /// Some of the strip's output rows from the p-th on.
  void compute_band(Index p, Index count) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    T* to =
        cut.writes_in_place ? target(p) : output_->data() + p * problem.columns.output * cut.block;
    const Index to_step = cut.writes_in_place ? to_strides_[3] : cut.block;
    for (Index first = 0; first < std::min(cut.classes.apart, problem.columns.output); ++first) {
      compute_class(p, count, first, to + first * to_step);
    }
  }

  /// Where the rows that the strip reads begin.
  void point_at_rows() {
    const Cut<T>& cut = run_.cut;
    for (Index i = 0; i < positions_; ++i) {
      const Index row = sources_[at(i)];
      rows_[at(i)] = row == nowhere ? nullptr
                     : cut.in_place ? source(row)
                                    : input_->data() + i * run_.problem.columns.input * cut.block;
    }
  }

  /// A class of the outputs of `count` rows in tiles as even as can be.
  void compute_class(Index p, Index count, Index first, T* to) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index pixel = cut.writes_in_place ? to_strides_[3] : cut.block;
    const Index to_step = cut.classes.apart * pixel;
    const Index outputs = divide_up(problem.columns.output - first, cut.classes.apart);
    const Index tiles = divide_up(outputs, Index{simd::most_channel_pixels});
    const Index channels =
        cut.writes_in_place ? channels_ : divide_up(channels_, cut.lanes) * cut.lanes;
    for (Index i = 0, q = 0; i < tiles; ++i) {
      const Index wide = outputs / tiles + (i < outputs % tiles ? 1 : 0);
      const std::ptrdiff_t* const columns =
          run_.columns.data() + first * class_step(problem, cut) + q * cut.classes.stride;
      (*cut.tiles)[at(wide)]({
          .rows = rows_.data() + p * problem.rows.stride,
          .kernel_rows = at(problem.rows.kernel),
          .row_stride = at(problem.rows.stride),
          .row_dilation = at(problem.rows.dilation),
          .columns = columns,
          .kernel_columns = at(problem.columns.kernel),
          .stride = at(cut.classes.stride),
          .pixel_step =
              even_step(columns, (wide - 1) * cut.classes.stride + problem.columns.kernel),
          .weights = run_.weights + first_channel_ * cut.kernel_taps,
          .bias = run_.bias.data() + first_channel_,
          .to = to + q * to_step,
          .to_step = to_step,
          .to_row_step = cut.writes_in_place ? to_strides_[2] : problem.columns.output * cut.block,
          .output_rows = at(count),
          .channels = at(channels),
          .streams = run_.streams,
      });
      q += wide;
    }
  }

  /// From each of so many pixels to the next; 0 where they do not lie evenly.
  static std::ptrdiff_t even_step(const std::ptrdiff_t* columns, Index count) {
    const std::ptrdiff_t* const end = columns + count;
    if (std::find(columns, end, simd::no_column) != end) {
      return 0;  // before any subtraction: no_column has no difference to others
    }
    const std::ptrdiff_t step = count > 1 ? columns[1] - columns[0] : 1;
    for (Index j = 0; j < count; ++j) {
      if (columns[j] != columns[0] + j * step) {
        return 0;
      }
    }
    return step;
  }

  const Run<T>& run_;
  Strides strides_;                  ///< of the input
  Strides to_strides_;               ///< of the output
  std::optional<Buffer<T>> input_;   ///< [position][column][block]
  std::optional<Buffer<T>> output_;  ///< [row][column][block]
  std::vector<const T*> rows_;       ///< [position of the strip]
  std::vector<Index> sources_;       ///< [position of the strip]
  Index image_ = 0;
  Index first_channel_ = 0;
  Index channels_ = 0;
  Index first_row_ = 0;
  Index count_ = 0;  ///< rows of the strip
  Index positions_ = 0;
};

}  // namespace conv2d::depthwise_channels

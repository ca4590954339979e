// What one thread of a convolution in groups of few channels, with vectors along channels, does.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/epilogue.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/strip_rows.h"
#include "algorithm/tap_classes.h"
#include "algorithm/vector_types.h"
#include "conv2d/threads.h"
#include "simd/grouped_channels.h"
#include "simd/kernels.h"

#include <algorithm>
#include <vector>

namespace conv2d::grouped_channels {

/// How a problem is cut into pieces: depends on the instructions in use, on the tensors' strides
/// and, without a change of any bit, on the number of threads.
template <class T>
struct Cut {
  Cut(const Problem& problem, bool channels_last)
      : kernels(simd::grouped_channels_kernels<T>()),
        lanes(static_cast<Index>(kernels.lanes)),
        inputs(problem.in_channels_per_group()),
        channels(problem.in_channels),
        padded(divide_up(channels, lanes) * lanes),
        in_place(channels_last && channels >= lanes),
        classes(problem.columns),
        tiles(tiles_for(problem.columns.kernel)) {
    cut(problem);
  }

  /// Of a strip at most.
  Index positions(const Problem& problem) const { return strip_positions(problem.rows, rows); }
  Index turned_input(const Problem& problem) const {
    return in_place ? 0 : positions(problem) * problem.columns.input * block;
  }
  Index turned_output(const Problem& problem) const {
    return in_place ? 0 : rows * problem.columns.output * block;
  }
  /// Loads of pixels for a kernel row of that many taps and a tile of outputs: one for each pixel
  /// that a piece of the row reads.
  Index loads(Index outputs, Index taps) const {
    if (tiles == &kernels.any || tiles == &kernels.grouped_any) {
      return outputs * taps;
    }
    const Index piece = columns_at_once(taps);
    return taps / piece * ((outputs - 1) * classes.stride + piece) + taps % piece * outputs;
  }
  Index items(const Problem& problem) const { return problem.batch * strips * blocks; }
  Index first_row(const Problem& problem, Index strip) const {
    return problem.rows.output * strip / strips;
  }

  const simd::GroupedChannelsKernels<T>& kernels;
  Index lanes;
  Index inputs;  ///< of a group, as many as its outputs
  Index channels;
  Index padded;   ///< channels up to whole vectors
  bool in_place;  ///< the tensors are used as they lie
  TapClasses classes;
  const typename simd::GroupedChannelsKernels<T>::Tiles* tiles;  ///< for all of the above
  Index block = 0;   ///< channels that are computed at once
  Index blocks = 1;  ///< of an image
  Index rows = 1;    ///< output rows of a strip at most
  Index strips = 1;  ///< of an image

 private:
  const typename simd::GroupedChannelsKernels<T>::Tiles* tiles_for(Index width) const {
    const bool in_steps = classes.stride <= 2;
    const auto& any = inputs > 1 ? kernels.grouped_any : kernels.any;
    const Index known = columns_at_once(width);
    if (!in_steps || known == 0) {
      return &any;
    }
    // Not every type has unrolled ones.
    const auto& unrolled_ones = inputs > 1
                                    ? kernels.grouped_three[at(classes.stride - 1)]
                                    : kernels.unrolled[at((known - 3) / 2)][at(classes.stride - 1)];
    return unrolled_ones[1] != nullptr ? &unrolled_ones : &any;
  }

  /// Of a kernel row of that many in all; 0 where no loop knows them.
  Index columns_at_once(Index width) const {
    if (width == 3 || (inputs == 1 && (width == 5 || width == 7))) {
      return width;
    }
    static_assert(simd::takes_wider<5, 1> && simd::takes_wider<7, 1>);
    if (inputs > 1 || width < 7 || classes.stride != 1) {
      return 0;
    }
    return width % 5 < width % 7 ? 5 : 7;  // leaves fewer to the other loop
  }

  /// All channels where tensors are used as they are; else as many, of as many rows, as let a
  /// strip's input and output stay in 96 KiB, 64 channels if they can: within L2, and so little
  /// that the memory is at hand (glibc asks the kernel for pieces from 128 KiB on, page by page).
  void cut(const Problem& problem) {
    const Index output = std::max<Index>(problem.rows.output, 1);
    constexpr Index most = 98304 / sizeof(T);
    const auto used = [&] { return turned_input(problem) + turned_output(problem); };
    rows = output;
    const Index step = std::max(lanes, inputs);
    block = in_place ? padded : std::min(padded, std::max<Index>(64, step));
    while (block > step && used() > most) {
      block -= step;
    }
    while (rows > 1 && used() > most) {
      rows = divide_up(rows, 2);
    }
    blocks = std::max<Index>(1, divide_up(channels, block));
    strips = divide_up(output, rows);
    const Index wanted = Index{4} * num_threads();
    if (num_threads() > 1 && problem.batch * strips * blocks < wanted) {
      strips = std::min(output, divide_up(wanted, std::max<Index>(1, problem.batch * blocks)));
    }
    rows = divide_up(output, strips);
  }
};

/// Everything that one run shares between threads.
template <class T>
struct Run {
  const Problem& problem;
  const Operands& operands;
  Cut<T> cut;
  const T* weights;                        ///< [i][r][s][padded]
  std::vector<simd::LaneIndex<T>> spread;  ///< [i][lanes]: see simd::GroupedChannels
  std::vector<T> bias;                     ///< [padded]
  std::vector<std::ptrdiff_t> columns;     ///< [class of outputs][position]: where its pixel begins
};

/// Which lane of a vector of pixels each output's lane needs for each input of its group.
template <class T>
std::vector<simd::LaneIndex<T>> spread_of(const Cut<T>& cut) {
  std::vector<simd::LaneIndex<T>> spread;
  for (Index i = 0; i < cut.inputs; ++i) {
    for (Index lane = 0; lane < cut.lanes; ++lane) {
      const Index from =
          cut.inputs > cut.lanes ? i % cut.lanes : lane / cut.inputs * cut.inputs + i;
      spread.push_back(static_cast<simd::LaneIndex<T>>(from));
    }
  }
  return spread;
}

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
        input_(at(run.cut.turned_input(run.problem))),
        output_(at(run.cut.turned_output(run.problem))),
        rows_(at(run.problem.rows.kernel)),
        sources_(at(run.cut.positions(run.problem))) {}

  static std::size_t bytes(const Problem& problem, const Cut<T>& cut) {
    return at(cut.turned_input(problem) + cut.turned_output(problem)) * sizeof(T) +
           at(problem.rows.kernel + cut.positions(problem)) * sizeof(Index);
  }

  /// Item i is an image, a strip and a block of channels; blocks change fastest.
  void compute(Index item) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index strip = item / cut.blocks % cut.strips;
    image_ = item / cut.blocks / cut.strips;
    first_channel_ = item % cut.blocks * cut.block;
    channels_ = std::min(cut.block, cut.channels - first_channel_);
    first_row_ = cut.first_row(problem, strip);
    count_ = cut.first_row(problem, strip + 1) - first_row_;
    positions_ = strip_positions(problem.rows, count_);
    find_strip_rows(problem, first_row_, positions_, sources_.data());
    if (!cut.in_place) {
      turn_input();
    }
    for (Index p = 0; p < count_; ++p) {
      compute_row(p);
    }
    if (!cut.in_place) {
      turn_output();
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

  /// Rows that follow each other in the input are turned at once where they lie so in memory.
  void turn_input() {
    const Index width = run_.problem.columns.input;
    const bool dense = strides_[2] == width * strides_[3];
    for (Index i = 0, count = 1; i < positions_; i += count, count = 1) {
      if (sources_[at(i)] == nowhere) {
        continue;
      }
      while (dense && i + count < positions_ &&
             sources_[at(i + count)] == sources_[at(i)] + count) {
        ++count;
      }
      load_row(source(sources_[at(i)]), strides_, input_.data() + i * width * run_.cut.block,
               run_.cut.block, channels_, count * width);
    }
  }

  void turn_output() {
    const Index width = run_.problem.columns.output;
    const bool dense = to_strides_[2] == width * to_strides_[3];
    const Index lines = dense ? 1 : count_;
    const Index pixels = dense ? count_ * width : width;
    for (Index line = 0; line < lines; ++line) {
      store_row(output_.data() + line * width * run_.cut.block, run_.cut.block, target(line),
                to_strides_, channels_, pixels);
    }
  }

  void compute_row(Index p) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    for (Index r = 0; r < problem.rows.kernel; ++r) {
      const Index i = p * problem.rows.stride + r * problem.rows.dilation;
      const Index row = sources_[at(i)];
      rows_[at(r)] = row == nowhere ? nullptr
                     : cut.in_place ? source(row)
                                    : input_.data() + i * problem.columns.input * cut.block;
    }
    T* to = cut.in_place ? target(p) : output_.data() + p * problem.columns.output * cut.block;
    const Index to_step = cut.in_place ? to_strides_[3] : cut.block;
    for (Index first = 0; first < std::min(cut.classes.apart, problem.columns.output); ++first) {
      compute_class(first, to + first * to_step, cut.classes.apart * to_step);
    }
  }

  /// A class of a row's outputs in tiles as even as can be.
  void compute_class(Index first, T* to, Index to_step) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index outputs = divide_up(problem.columns.output - first, cut.classes.apart);
    const Index tiles = divide_up(outputs, static_cast<Index>(simd::most_channel_pixels));
    const Index channels = cut.in_place ? channels_ : divide_up(channels_, cut.lanes) * cut.lanes;
    for (Index i = 0, q = 0; i < tiles; ++i) {
      const Index count = outputs / tiles + (i < outputs % tiles ? 1 : 0);
      (*cut.tiles)[at(count)]({
          .rows = rows_.data(),
          .kernel_rows = at(problem.rows.kernel),
          .columns =
              run_.columns.data() + first * class_step(problem, cut) + q * cut.classes.stride,
          .kernel_columns = at(problem.columns.kernel),
          .stride = at(cut.classes.stride),
          .inputs = at(cut.inputs),
          .spread = run_.spread.data(),
          .weights = run_.weights + first_channel_,
          .weight_step = cut.padded,
          .bias = run_.bias.data() + first_channel_,
          .to = to + q * to_step,
          .to_step = to_step,
          .channels = at(channels),
      });
      q += count;
    }
  }

  const Run<T>& run_;
  Strides strides_;             ///< of the input
  Strides to_strides_;          ///< of the output
  std::vector<T> input_;        ///< [position][column][block]
  std::vector<T> output_;       ///< [row][column][block]
  std::vector<const T*> rows_;  ///< [r] of an output row
  std::vector<Index> sources_;  ///< [position of the strip]
  Index image_ = 0;
  Index first_channel_ = 0;
  Index channels_ = 0;
  Index first_row_ = 0;
  Index count_ = 0;  ///< rows of the strip
  Index positions_ = 0;
};

}  // namespace conv2d::grouped_channels

// Rows of the input as channels-last ones, whatever the tensor's strides: a channels-last tensor is
// read where it lies; of any other, the rows in hand are turned into a thread's own memory.
//
// Pixels a multiple of 1 KiB apart would meet in a few sets of the first cache, which hold eight
// lines each, and a tile reads dozens of pixels side by side. So in memory of our own they are a
// line further apart, and a channels-last tensor with such pixels is copied after all (from 2 KiB
// on, where it pays: 512 channels of float64 at 7x7 took twice the time; before, where tiles are so
// narrow that they read more pixels than others: 3x3 taps over 256 channels to 24 outputs, too).
// Not for one tap, where a tile has no lines in hand but one of each of its pixels, and the sets
// hold these: 512 channels to 64 outputs take 0.8 of the time that they took with a copy.
//
// Of groups with few channels a thread has so many in hand that whole lines of a channels-last
// tensor are copied. The next group then mostly lies in the same memory, some channels further on.
//
// Who can do with some channels at a time takes less memory, which then stays in the second cache,
// and may ask for those that come next.
#pragma once

#include "algorithm/buffer.h"
#include "algorithm/cache_sets.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"
#include "simd/fetch.h"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace conv2d {

/// A row is named n*H + h; `nowhere` is the padding.
template <class T>
class InputRows {
 public:
  static constexpr Index all_channels = std::numeric_limits<Index>::max();

  /// Takes memory for as many rows of as many columns as choose() will ever get, and for so many
  /// of a group's channels at a time.
  InputRows(const Problem& problem, TensorView x, Index most_rows, Index most_columns,
            Index most_channels = all_channels)
      : height_(problem.rows.input),
        channels_(problem.in_channels_per_group()),
        x_(static_cast<const T*>(x.data())),
        strides_(x.strides()),
        groups_(problem.groups),
        together_(strides_[1] == 1 ? most_together(problem, most_channels) : 1),
        step_(step(problem, std::min(channels_, most_channels) * together_)),
        in_place_(reads_in_place(problem, strides_, most_channels)),
        turned_(in_place_ ? 0 : pixels(problem, most_rows, most_columns) * step_) {
    if (!in_place_) {
      rows_.reserve(at(most_rows));
      runs_.reserve(at(most_rows));
    }
  }

  /// Bytes that this takes at most.
  static std::size_t bytes(const Problem& problem, Index most_rows, Index most_columns,
                           Index most_channels = all_channels) {
    const Index channels = std::min(problem.in_channels_per_group(), most_channels);
    const Index together = most_together(problem, most_channels);
    return at(pixels(problem, most_rows, most_columns) * step(problem, channels * together)) *
               sizeof(T) +
           at(most_rows) * (sizeof(Index) + sizeof(Run));
  }

  /// Whether a tensor of these strides is read where it lies. Of a group the pixels are as far
  /// apart as if all channels were read: measured, copies pay where the rows of a window have half
  /// as many lines again as the sets where their pixels begin.
  static bool reads_in_place(const Problem& problem, const Strides& strides,
                             Index most_channels = all_channels) {
    if (problem.in_channels_per_group() <= 1 || strides[1] != 1) {
      return problem.in_channels_per_group() <= 1;
    }
    const Index apart = bytes_of(strides[3]);
    if (problem.groups == 1) {
      const bool all = most_channels == all_channels;
      return apart % 2048 == 0 ? all && holds_tile_of_one_tap(problem, apart)
                               : !(all && narrow_tiles_overflow(problem, apart));
    }
    return 2 * problem.rows.kernel * problem.columns.input <= 3 * lines_held(apart);
  }

  /// Makes these columns of these rows of a group the ones in hand.
  void load(Index group, std::span<const Index> rows, Index first_column, Index columns) {
    choose(rows, first_column, columns);
    load_group(group);
  }

  /// Names the rows and columns that come in hand next. The rows come in any order, any number of
  /// times.
  void choose(std::span<const Index> rows, Index first_column, Index columns) {
    first_column_ = first_column;
    columns_ = columns;
    if (!in_place_) {
      rows_.assign(rows.begin(), rows.end());
      std::sort(rows_.begin(), rows_.end());
      rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
      std::erase(rows_, nowhere);
      find_runs();
    }
    first_loaded_ = nowhere;
  }

  /// The same of another group.
  void load_group(Index group) {
    group_ = group;
    const Index first = group / together_ * together_;
    if (in_place_ || first == first_loaded_) {
      return;
    }
    first_loaded_ = first;
    turn(first * channels_, std::min(together_, groups_ - first) * channels_);
  }

  /// The same of some channels of a group whose pixels are not read in place, no more than there is
  /// memory for.
  void load_channels(Index group, Index first, Index channels) {
    group_ = group;
    first_loaded_ = nowhere;
    turn(group * channels_ + first, channels);
  }

  /// Begins to ask for channels that load_channels() will turn next: of planes, whose pieces a
  /// processor does not foresee. Returns how many lines of memory they are.
  Index begin_fetch(Index group, Index first, Index channels) {
    ahead_ = {.channel = x_ + (group * channels_ + first) * strides_[1], .channels = channels};
    if (strides_[3] != 1) {
      ahead_.run = runs_.size();
      return 0;
    }
    Index lines = 0;
    for (const Run& run : runs_) {
      lines += divide_up(run.pixels, line) * channels;
    }
    return lines;
  }

  /// Asks for so many lines of them, or for what is left.
  void fetch(Index lines) {
    for (; lines > 0 && ahead_.run < runs_.size(); --lines) {
      const Run& run = runs_[ahead_.run];
      simd::fetch_for_reading(ahead_.channel + run.first + ahead_.pixel);
      ahead_.pixel += line;
      if (ahead_.pixel >= run.pixels) {
        ahead_.pixel = 0;
        ahead_.channel += strides_[1];
        if (++ahead_.done == ahead_.channels) {
          ahead_.channel -= ahead_.channels * strides_[1];
          ahead_.done = 0;
          ++ahead_.run;
        }
      }
    }
  }

  /// All channels of a pixel of a group, side by side to `to`, wherever they lie.
  void copy_pixel(Index group, Index row, Index column, T* to) const {
    const T* from = in_place(row, column) + group * channels_ * strides_[1];
    for (Index c = 0; c < channels_; ++c) {
      to[c] = from[c * strides_[1]];
    }
  }

  /// The first of a pixel's channels of the group, which lie side by side; the pixel is in hand.
  const T* pixel(Index row, Index column) const { return place(row, column) + first_channel(); }

  /// Where a pixel's memory begins, if keeps_places() for all groups the same.
  const T* place(Index row, Index column) const {
    if (in_place_) {
      return in_place(row, column) + (keeps_places() ? 0 : group_ * channels_ * strides_[1]);
    }
    const auto slot = std::lower_bound(rows_.begin(), rows_.end(), row) - rows_.begin();
    return turned_.data() + (slot * columns_ + column - first_column_) * step_;
  }

  /// Where the group's channels begin there.
  Index first_channel() const {
    if (in_place_) {
      return keeps_places() ? group_ * channels_ : 0;
    }
    return group_ % together_ * channels_;
  }
  /// Whether pixels are read from the tensor itself.
  bool is_in_place() const { return in_place_; }
  bool keeps_places() const { return !in_place_ || strides_[1] == 1; }

  /// From each pixel of a row to the next.
  Index pixel_step() const { return in_place_ ? strides_[3] : step_; }

 private:
  static constexpr Index line_bytes = 64;
  static constexpr auto line = static_cast<Index>(line_bytes / sizeof(T));

  /// Rows of which each begins where the one before ends.
  struct Run {
    Index first;  ///< its first pixel, from the tensor's
    Index pixels;
  };

  /// What is asked for next: run by run, channel by channel.
  struct Ahead {
    const T* channel;
    Index channels;
    Index done = 0;  ///< channels of the run
    std::size_t run = 0;
    Index pixel = 0;
  };

  /// Whether tiles of one vector of outputs, or of half a one, read so many pixels again and again
  /// that the first cache does not hold their lines, so many bytes apart, together.
  static bool narrow_tiles_overflow(const Problem& problem, Index apart) {
    constexpr Index vector = 16;
    const Index outputs = problem.out_channels_per_group();
    const bool narrow = outputs <= vector || (outputs - 1) % vector < vector / 2;
    const auto most = static_cast<Index>(simd::most_pixels);
    const Index columns = std::min(most, problem.columns.output) + problem.columns.kernel - 1;
    return narrow && problem.rows.kernel > 1 && problem.rows.kernel * columns > lines_held(apart);
  }

  /// Whether the kernel has one tap, and the first cache holds a line of each pixel of a tile, and
  /// of weights that pass.
  static bool holds_tile_of_one_tap(const Problem& problem, Index apart) {
    const simd::Kernels<T>& kernels = simd::kernels<T>();
    if (problem.rows.kernel * problem.columns.kernel > 1 || kernels.lanes == 0) {
      return false;
    }
    const std::size_t vectors = std::min(
        kernels.widest_tile(), at(divide_up(problem.out_channels_per_group(), kernels.lanes)));
    return static_cast<Index>(kernels.pixels[vectors]) + 2 <= lines_held(apart);
  }

  /// How many groups' channels are a cache line of a channels-last tensor: so many are copied at a
  /// time, unless no more than some of one group's.
  static Index most_together(const Problem& problem, Index most_channels) {
    if (most_channels != all_channels) {
      return 1;
    }
    const Index bytes = std::max<Index>(bytes_of(problem.in_channels_per_group()), 1);
    return std::clamp<Index>(line_bytes / bytes, 1, problem.groups);
  }

  static Index pixels(const Problem& problem, Index most_rows, Index most_columns) {
    return std::min(most_rows, problem.batch * problem.rows.input) * most_columns;
  }

  /// So many channels of what was chosen, from channel `first` of the tensor on, to turned_.
  void turn(Index first, Index channels) {
    T* to = turned_.data();
    for (const Run& run : runs_) {
      const T* from = x_ + run.first + first * strides_[1];
      load_row(from, strides_, to, step_, channels, run.pixels);
      to += run.pixels * step_;
    }
  }

  static Index bytes_of(Index elements) { return elements * static_cast<Index>(sizeof(T)); }

  /// From one pixel to the next in turned_.
  static Index step(const Problem& problem, Index channels) {
    const Index bytes = bytes_of(channels);
    const bool meet = channels > 0 && (bytes % 1024 == 0 || narrow_tiles_overflow(problem, bytes));
    return meet ? channels + line : channels;
  }

  void find_runs() {
    runs_.clear();
    for (std::size_t i = 0, next = 0; i < rows_.size(); i = next) {
      for (next = i + 1; next < rows_.size() && follows(rows_[next], rows_[next - 1]);) {
        ++next;
      }
      runs_.push_back(
          {in_place(rows_[i], first_column_) - x_, static_cast<Index>(next - i) * columns_});
    }
  }

  /// Whether a row's first pixel in hand lies behind the last one of another as its pixels do.
  bool follows(Index row, Index other) const {
    return in_place(row, first_column_) - in_place(other, first_column_) == columns_ * strides_[3];
  }

  const T* in_place(Index row, Index column) const {
    return x_ + row / height_ * strides_[0] + row % height_ * strides_[2] + column * strides_[3];
  }

  Index height_;
  Index channels_;  ///< of one group
  const T* x_;
  Strides strides_;
  Index groups_;
  Index together_;  ///< groups in turned_
  Index step_;
  bool in_place_;
  Index group_ = 0;
  Index first_loaded_ = nowhere;  ///< of the groups in turned_
  Index first_column_ = 0;
  Index columns_ = 0;
  std::vector<Run> runs_;  ///< of rows_
  Ahead ahead_{};
  std::vector<Index> rows_;  ///< which are in turned_
  Buffer<T> turned_;         ///< [row][column][channel]
};

}  // namespace conv2d

// What one thread of a convolution in groups that share vectors does.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/buffer.h"
#include "algorithm/epilogue.h"
#include "algorithm/joined_groups_cut.h"
#include "algorithm/pixel_rows.h"
#include "algorithm/vector_types.h"
#include "simd/joined_groups.h"
#include "simd/stream.h"

#include <algorithm>
#include <vector>

namespace conv2d::joined_groups {

/// Everything that one run shares between threads.
template <class T>
struct Run {
  const Problem& problem;
  const Operands& operands;
  Cut<T> cut;
  const T* weights;                                 ///< [joint][i][r][s][lanes]
  std::vector<T> bias;                              ///< [joint][lanes]
  std::vector<simd::LaneIndex<T>> order_of_inputs;  ///< see Joint
  std::vector<simd::LaneIndex<T>> order_of_outputs;
  /// Taps in zeros are left out, column by column: a weight is infinite or NaN.
  bool leaves_out_columns;
  bool streams;  ///< results go past the caches
};

/// So many elements, and a page behind them: a processor fetches lines ahead up to a page's end,
/// and what it takes there from a thread that writes it both wait for. Measured with two threads,
/// layers took up to 1.4 times as long, as the memory of both happened to lie.
template <class T>
Index with_page(Index elements) {
  constexpr Index page = 4096;
  return elements + page / static_cast<Index>(sizeof(T));
}

/// One thread's part: a strip of output rows of some groups at a time.
template <class T>
class alignas(64) Worker {
 public:
  /// Takes all the memory that it will need: nothing may throw on a thread.
  explicit Worker(const Run<T>& run)
      : run_(run),
        strides_(run.operands.first.strides()),
        to_strides_(run.operands.result.strides()),
        in_place_(to_strides_[1] == 1),
        turns_rows_(strides_[1] != 1 && run.cut.turned(run.problem) > 0 &&
                    rows_follow(strides_, columns())),
        stores_rows_(!in_place_ && rows_follow(to_strides_, run.problem.columns.output)),
        input_(with_page<T>(run.cut.ring(run.problem))),
        turned_(with_page<T>(turns_rows_ ? run.cut.turned(run.problem) : 0)),
        sums_(with_page<T>(in_place_ ? 0 : run.cut.sums(run.problem))),
        sources_(with_page<Index>(run.cut.slots(run.problem))),
        rows_(with_page<const T*>(run.problem.rows.kernel)),
        tile_rows_(with_page<const T*>(run.problem.rows.kernel)) {
    if (run.problem.groups % run.cut.joint.block != 0) {  // others are computed too
      std::fill_n(input_.data(), run.cut.ring(run.problem), T{});
      std::fill_n(turned_.data(), turns_rows_ ? run.cut.turned(run.problem) : 0, T{});
    }
  }

  static std::size_t bytes(const Problem& problem, const Cut<T>& cut) {
    return sizeof(Worker) +
           at(with_page<T>(cut.ring(problem)) + with_page<T>(cut.turned(problem)) +
              with_page<T>(cut.sums(problem))) *
               sizeof(T) +
           at(with_page<Index>(cut.slots(problem)) + 2 * with_page<Index>(problem.rows.kernel)) *
               sizeof(Index);
  }

  /// Item i is an image, a strip and a joint; joints change fastest.
  void compute(Index item) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    joint_ = item % cut.joint.count;
    const Index strip = item / cut.joint.count % cut.strips;
    image_ = item / cut.joint.count / cut.strips;
    part_ = cut.joint.part(problem, joint_);
    tile_ = tile_of_joint();
    const Index first = cut.first_row(problem, strip);
    const Index end = cut.first_row(problem, strip + 1);
    look_ahead(strip, end - first);
    for (Index window = 0; window < cut.windows; ++window) {
      first_column_ = cut.first_column(problem, window);
      columns_ = cut.first_column(problem, window + 1) - first_column_;
      begin_window();
      for (Index p = first, rows = 0; p < end; p += rows) {
        rows = std::min(stores_rows_ ? cut.stored_rows(problem) : 1, end - p);
        compute_rows(p, rows);
      }
    }
    if (run_.streams) {
      simd::flush_streams();
    }
    finish(run_.operands.result, run_.operands.epilogue,
           {part_.first_output, part_.outputs, image_ * problem.rows.output + first, end - first});
  }

 private:
  /// Of the input.
  Index columns() const { return run_.problem.columns.input; }

  /// From the item's first channel on.
  const T* source(Index row, Index column) const {
    return static_cast<const T*>(run_.operands.first.data()) + image_ * strides_[0] +
           part_.first_input * strides_[1] + row * strides_[2] + column * strides_[3];
  }

  /// Finds which columns the window spans, and makes those zeros that are.
  void begin_window() {
    const Axis& axis = run_.problem.columns;
    const Index pixel = run_.cut.joint.pixel;
    first_read_ = axis.position(first_column_, 0);
    span_ = columns_ > 0 ? Cut<T>::span(axis, columns_) : 0;
    inner_.begin = std::clamp<Index>(-first_read_, 0, span_);
    inner_.end = std::clamp<Index>(axis.input - first_read_, inner_.begin, span_);
    turned_begin_ = turned_end_ = 0;
    for (Index slot = 0; slot < run_.cut.slots(run_.problem); ++slot) {
      sources_[at(slot)] = nowhere;
      T* const row = input_.data() + slot * run_.cut.row_elements(run_.problem);
      std::fill_n(row, inner_.begin * pixel, T{});
      std::fill_n(row + inner_.end * pixel, (span_ - inner_.end) * pixel, T{});
    }
  }

  /// Some output rows, which are stored together where they go through scratch memory.
  void compute_rows(Index p, Index rows) {
    const Index lanes = run_.cut.joint.lanes;
    if (in_place_) {
      compute_row(p, target(p), to_strides_[3]);
      return;
    }
    for (Index i = 0; i < rows; ++i) {
      compute_row(p + i, sums_.data() + i * columns_ * lanes, lanes);
    }
    store_row(sums_.data(), lanes, target(p), to_strides_, part_.outputs, rows * columns_);
  }

  void compute_row(Index p, T* to, Index step) {
    const Axis& axis = run_.problem.rows;
    for (Index r = 0; r < axis.kernel; ++r) {
      rows_[at(r)] = input_row(axis.position(p, r), r);
    }
    if (run_.leaves_out_columns) {
      for (Index q = 0; q < columns_; ++q) {
        compute_pixel(q, to + q * step);
      }
      return;
    }
    const Index apart = std::min(run_.cut.classes.apart, columns_);
    for (Index first = 0; first < apart; ++first) {
      compute_class(first, to + first * step, step);
    }
  }

  T* target(Index p) const {
    return static_cast<T*>(run_.operands.result.data()) + image_ * to_strides_[0] +
           part_.first_output * to_strides_[1] + p * to_strides_[2] +
           first_column_ * to_strides_[3];
  }

  /// The window's part of the input row that the kernel's row r reads, channels joined; nullptr in
  /// zeros, and without channels. A slot serves all rows an extent apart, of which a kernel reads
  /// one at a time, or the kernel's row.
  const T* input_row(Index position, Index r) {
    const Axis& axis = run_.problem.rows;
    const Index row = border_index(run_.problem.padding_mode, position, axis.input);
    if (row == nowhere || part_.inputs == 0) {
      return nullptr;
    }
    const Index slot = run_.cut.keeps_rows ? (position + axis.pad_before) % axis.extent() : r;
    T* const to = input_.data() + slot * run_.cut.row_elements(run_.problem);
    if (sources_[at(slot)] != row) {
      sources_[at(slot)] = row;
      join_row(row, to);
    }
    return to;
  }

  /// Every column that the window spans, but those of zeros.
  void join_row(Index row, T* to) {
    const Index pixel = run_.cut.joint.pixel;
    if (run_.problem.padding_mode != PaddingMode::zeros) {
      for (Index i = inner_.begin > 0 ? 0 : inner_.end; i < span_;
           i = i + 1 == inner_.begin ? inner_.end : i + 1) {
        const Index column =
            border_index(run_.problem.padding_mode, first_read_ + i, run_.problem.columns.input);
        join_pixels(row, column, 1, to + i * pixel);
      }
    }
    if (inner_.size() > 0) {
      join_pixels(row, first_read_ + inner_.begin, inner_.size(), to + inner_.begin * pixel);
    }
  }

  void join_pixels(Index row, Index column, Index pixels, T* to) {
    const Index pixel = run_.cut.joint.pixel;
    simd::JoinChannels<T> joined = {.from = source(row, column),
                                    .from_step = strides_[3],
                                    .channels = at(part_.inputs),
                                    .to = to,
                                    .to_step = pixel,
                                    .order = run_.order_of_inputs.data(),
                                    .pixels = at(pixels)};
    if (strides_[1] != 1) {
      joined.from = turned_pixels(row, column, pixels, to);
      joined.from_step = pixel;
      joined.channels = at(pixel);
      if (joined.from == to && run_.cut.joint.block == 1) {
        return;
      }
    }
    run_.cut.joint.kernels.join(joined);
  }

  /// Pixels of a row with their channels side by side: of some whole rows, or else at `to`.
  const T* turned_pixels(Index row, Index column, Index pixels, T* to) {
    const Index pixel = run_.cut.joint.pixel;
    if (!turns_rows_) {
      load_row(source(row, column), strides_, to, pixel, part_.inputs, pixels);
      return to;
    }
    if (row < turned_begin_ || row >= turned_end_) {
      turned_begin_ = row;
      turned_end_ = std::min(row + run_.cut.turned_rows(run_.problem), run_.problem.rows.input);
      load_row(source(row, 0), strides_, turned_.data(), pixel, part_.inputs,
               (turned_end_ - turned_begin_) * columns());
    }
    return turned_.data() + ((row - turned_begin_) * columns() + column) * pixel;
  }

  /// Outputs of the row whose taps meet, from the window's `first` one on.
  void compute_class(Index first, T* to, Index step) {
    const Cut<T>& cut = run_.cut;
    const Axis& axis = run_.problem.columns;
    const Index outputs = divide_up(columns_ - first, cut.classes.apart);
    for (Index q = 0, tiles = 0, pixels = 0; q < outputs; q += tiles * pixels) {
      pixels = cut.next_tile(outputs - q);
      for (tiles = 1; cut.next_tile(outputs - q - tiles * pixels) == pixels;) {
        ++tiles;
      }
      move_tile((first + q * cut.classes.apart) * axis.stride, to + q * cut.classes.apart * step);
      tile_.to_step = cut.classes.apart * step;
      tile_.tiles = at(tiles);
      (*cut.tiles)[at(pixels)](tile_);
      tile_.ahead += tile_.ahead_step * cut.joint.inputs * tiles;
    }
  }

  /// An output of the window, without the columns that lie in zeros.
  void compute_pixel(Index q, T* to) {
    const Axis& axis = run_.problem.columns;
    const auto inside = [&](Index s) {
      const Index w = axis.position(first_column_ + q, s);
      return w >= 0 && w < axis.input;
    };
    Index begin = 0;
    while (begin < axis.kernel && !inside(begin)) {
      ++begin;
    }
    Index end = begin;
    while (end < axis.kernel && inside(end)) {
      ++end;
    }
    move_tile(q * axis.stride + begin * axis.dilation, to);
    simd::JoinedGroups<T> tile = tile_;
    tile.weights += begin * run_.cut.joint.lanes;
    tile.kernel_columns = at(end - begin);
    tile.tiles = 1;
    run_.cut.any()[1](tile);
  }

  /// What all tiles of the item have in common.
  simd::JoinedGroups<T> tile_of_joint() const {
    const Joint<T>& joint = run_.cut.joint;
    const Problem& problem = run_.problem;
    const Index weight_row = problem.columns.kernel * joint.lanes;
    return {
        .rows = tile_rows_.data(),
        .kernel_rows = at(problem.rows.kernel),
        .kernel_columns = at(problem.columns.kernel),
        .pixel_step = problem.columns.dilation * joint.pixel,
        .stride = at(run_.cut.classes.stride),
        .inputs = at(joint.inputs),
        .weights = run_.weights + joint_ * joint.inputs * problem.rows.kernel * weight_row,
        .weight_row = weight_row,
        .order = run_.order_of_outputs.data(),
        .bias = run_.bias.data() + joint_ * joint.lanes,
        .to = nullptr,
        .to_step = 0,
        .outputs = at(in_place_ ? part_.outputs : joint.lanes),
        .tiles = 1,
        .streams = run_.streams,
        .ahead = nullptr,
        .ahead_step = 0,
    };
  }

  /// To where its first tap reads so many columns behind the window's first one.
  void move_tile(Index column, T* to) {
    for (std::size_t r = 0; r < tile_.kernel_rows; ++r) {
      tile_rows_[r] = rows_[r] == nullptr ? nullptr : rows_[r] + column * run_.cut.joint.pixel;
    }
    tile_.to = to;
  }

  /// Has the item's tiles ask for their share of what the next strip reads and this one does not.
  void look_ahead(Index strip, Index rows) {
    const Cut<T>& cut = run_.cut;
    const Problem& problem = run_.problem;
    const Index row = problem.columns.input * strides_[3];
    if (!cut.looks_ahead || strip + 1 == cut.strips || part_.inputs == 0 || strides_[1] != 1 ||
        !rows_follow(strides_, problem.columns.input)) {
      return;
    }
    const auto end_of = [&](Index next) {
      const Index last = cut.first_row(problem, next + 1) - 1;
      return std::clamp<Index>(problem.rows.position(last, problem.rows.kernel - 1) + 1, 0,
                               problem.rows.input);
    };
    const Index begin = end_of(strip) * row;
    const Index all = end_of(strip + 1) * row - begin;
    const Index tiles = rows * cut.count_tiles(problem);
    constexpr Index line = 64 / sizeof(T);
    tile_.ahead = static_cast<const T*>(run_.operands.first.data()) + image_ * strides_[0] + begin +
                  all * joint_ / cut.joint.count;
    tile_.ahead_step = divide_up(all, cut.joint.count * tiles * cut.joint.inputs * line) * line;
  }

  const Run<T>& run_;
  Strides strides_;             ///< of the input
  Strides to_strides_;          ///< of the output
  bool in_place_;               ///< results need no scratch memory
  bool turns_rows_;             ///< some whole rows of planes at a time
  bool stores_rows_;            ///< likewise, of scratch memory
  Buffer<T> input_;             ///< [slot of a row][column of the window][pixel]
  Buffer<T> turned_;            ///< [row][column][pixel]
  Buffer<T> sums_;              ///< [row][column of the window][lanes]
  Buffer<Index> sources_;       ///< which row each slot holds
  Buffer<const T*> rows_;       ///< [r] of the output row
  Buffer<const T*> tile_rows_;  ///< [r] of the tile
  simd::JoinedGroups<T> tile_{};
  Index image_ = 0;
  Index joint_ = 0;
  typename Joint<T>::Part part_{};
  Index turned_begin_ = 0;  ///< the rows that are in turned_
  Index turned_end_ = 0;
  Index first_column_ = 0;  ///< of the window's outputs
  Index columns_ = 0;
  Index first_read_ = 0;  ///< the column that the first one's first tap reads
  Index span_ = 0;        ///< columns from there to the last tap of the last one
  AxisRange inner_{};     ///< those that the input has, counted from there
};

}  // namespace conv2d::joined_groups

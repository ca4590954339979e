// Where the taps of a strip's pixels read, as tables of pointers for register tiles
// (simd/kernels.h).
//
// A strip is some output rows of the batch, its pixels counted row by row and cut into tiles. The
// pixels of a tile within one row and away from the border lie evenly in memory: one pointer a tap
// and the step from pixel to pixel say it all. So do those of a whole strip where each row begins a
// step behind the end of the one before, as in 1x1 layers. Any other tile has a pointer for each
// pixel and tap, into the input by the border's index map or to zeros; it may span rows, which
// fills it on small maps.
#pragma once

#include "algorithm/input_rows.h"
#include "algorithm/vector_types.h"
#include "geometry/problem.h"

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

namespace conv2d {

/// Which input columns the taps of an output row read.
struct SourceColumns {
  explicit SourceColumns(const Problem& problem) {
    const Axis& columns = problem.columns;
    for (Index q = 0; q < columns.output; ++q) {
      for (Index s = 0; s < columns.kernel; ++s) {
        sources.push_back(source_index(columns, problem.padding_mode, q, s));
      }
      if (columns.position(q, 0) < 0) {
        even_begin = q + 1;
      } else if (columns.position(q, columns.kernel - 1) < columns.input) {
        even_end = q + 1;
      }
    }
  }

  static std::size_t bytes(const Problem& problem) {
    return at(problem.columns.output * problem.columns.kernel) * sizeof(Index);
  }

  std::vector<Index> sources;  ///< [q][s]
  /// Output columns that the border does not concern: each reads a stride behind the one before.
  Index even_begin = 0;
  Index even_end = 0;
};

/// Pixels of a strip that one register tile computes.
struct PixelTile {
  Index first;
  int pixels;
  bool even;             ///< one pointer a tap instead of one for each pixel and tap
  std::size_t pointers;  ///< where its pointers begin
  std::size_t taps;      ///< where its taps begin, and how many there are
  std::size_t tap_count;
};

template <class T>
class StripTaps {
 public:
  /// Takes all the memory that strips of so many rows need. `zeros` are as many as a group has
  /// input channels; they and the columns must outlive this.
  StripTaps(const Problem& problem, const SourceColumns& columns, const T* zeros, TensorView x,
            Index most_rows)
      : problem_(problem),
        columns_(columns),
        zeros_(zeros),
        input_(problem, x, most_rows * problem.rows.kernel, problem.columns.input) {
    const Sizes most(problem, most_rows);
    source_rows_.reserve(most.rows);
    row_starts_.reserve(most.rows);
    tiles_.reserve(most.pixels);
    pointers_ = std::make_unique_for_overwrite<const T*[]>(most.pointers);
    taps_ = std::make_unique_for_overwrite<std::size_t[]>(most.pointers);
  }

  static std::size_t bytes(const Problem& problem, Index most_rows) {
    const Sizes most(problem, most_rows);
    return InputRows<T>::bytes(problem, most_rows * problem.rows.kernel, problem.columns.input) +
           most.rows * (sizeof(Index) + sizeof(T*)) + most.pixels * sizeof(PixelTile) +
           most.pointers * (sizeof(T*) + sizeof(std::size_t));
  }

  /// Makes these output rows, counted through the batch, and this group the ones in hand.
  void load(Index group, Index first_row, Index rows) {
    rows_ = rows;
    source_rows_.clear();
    for (Index row = first_row; row < first_row + rows; ++row) {
      const Index n = row / problem_.rows.output;
      for (Index r = 0; r < problem_.rows.kernel; ++r) {
        const Index h =
            source_index(problem_.rows, problem_.padding_mode, row % problem_.rows.output, r);
        source_rows_.push_back(h == nowhere ? nowhere : n * problem_.rows.input + h);
      }
    }
    input_.load(group, source_rows_, 0, problem_.columns.input);
    row_starts_.clear();
    for (const Index row : source_rows_) {
      row_starts_.push_back(row == nowhere ? nullptr : input_.pixel(row, 0));
    }
    one_line_ = is_one_line();
  }

  /// Cuts the pixels into tiles: next_tile(left) says how many of those left the next one has.
  /// Where they are cut at borders, no tile has both pixels that lie evenly and others.
  template <class NextTile>
  void cut(bool at_borders, NextTile&& next_tile) {
    tiles_.clear();
    pointer_count_ = 0;
    tap_count_ = 0;
    const Index width = problem_.columns.output;
    const Index pixels = rows_ * width;
    Index p = 0;
    Index q = 0;
    for (Index first = 0; first < pixels;) {
      const Index left = pixels - first;
      const Index size =
          next_tile(at_borders && !one_line_ ? std::min(left, until_border(q)) : left);
      add_tile(first, p, q, size);
      first += size;
      for (q += size; q >= width; q -= width) {
        ++p;
      }
    }
  }

  std::span<const PixelTile> tiles() const { return tiles_; }
  const T* const* pointers(const PixelTile& tile) const { return pointers_.get() + tile.pointers; }
  std::span<const std::size_t> taps(const PixelTile& tile) const {
    return {taps_.get() + tile.taps, tile.tap_count};
  }
  /// From each pixel of an even tile to the next.
  Index pixel_step() const { return problem_.columns.stride * input_.pixel_step(); }

 private:
  /// Pixels of one kind from column q on: even ones to the end of theirs, others to the next row's
  /// even ones.
  Index until_border(Index q) const {
    if (q < columns_.even_begin) {
      return columns_.even_begin - q;
    }
    return q < columns_.even_end ? columns_.even_end - q
                                 : problem_.columns.output - q + columns_.even_begin;
  }

  struct Sizes {
    Sizes(const Problem& problem, Index most_rows)
        : rows(at(most_rows * problem.rows.kernel)),
          pixels(at(most_rows * problem.columns.output)),
          pointers(pixels * at(problem.rows.kernel * problem.columns.kernel)) {}

    std::size_t rows;
    std::size_t pixels;
    std::size_t pointers;
  };

  bool is_one_line() const {
    const Index width = problem_.columns.output;
    if (columns_.even_begin > 0 || columns_.even_end < width) {
      return false;
    }
    const std::size_t kernel = at(problem_.rows.kernel);
    for (std::size_t i = 0; i < row_starts_.size(); ++i) {
      if (row_starts_[i] == nullptr ||
          (i >= kernel && row_starts_[i] - row_starts_[i - kernel] != width * pixel_step())) {
        return false;
      }
    }
    return true;
  }

  /// Of `size` pixels, the first one at row p of the strip and column q.
  void add_tile(Index first, Index p, Index q, Index size) {
    const bool even = one_line_ || (q >= columns_.even_begin && q + size <= columns_.even_end);
    tiles_.push_back({first, static_cast<int>(size), even, pointer_count_, tap_count_, 0});
    if (even) {
      add_even(p, q);
    } else {
      add_scattered(p, q, size);
    }
    tiles_.back().tap_count = tap_count_ - tiles_.back().taps;
  }

  /// For each tap that reads an element.
  void add_even(Index p, Index q) {
    const Axis& columns = problem_.columns;
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      const T* const start = row_starts_[at(p * problem_.rows.kernel + r)];
      if (start == nullptr) {
        continue;
      }
      for (Index s = 0; s < columns.kernel; ++s) {
        pointers_[pointer_count_++] = start + columns.position(q, s) * input_.pixel_step();
        taps_[tap_count_++] = at(r * columns.kernel + s);
      }
    }
  }

  /// For each tap that reads an element for one of the pixels.
  void add_scattered(Index p, Index q, Index size) {
    const Index taps = problem_.columns.kernel;
    for (Index r = 0; r < problem_.rows.kernel; ++r) {
      for (Index s = 0; s < taps; ++s) {
        if (find_pixels(p, q, size, r, s)) {
          pointer_count_ += at(size);
          taps_[tap_count_++] = at(r * taps + s);
        }
      }
    }
  }

  /// Whether there was one that reads an element.
  bool find_pixels(Index p, Index q, Index size, Index r, Index s) {
    const T** const to = pointers_.get() + pointer_count_;
    bool reads = false;
    for (Index i = 0; i < size; ++i) {
      const T* const start = row_starts_[at(p * problem_.rows.kernel + r)];
      const Index column = columns_.sources[at(q * problem_.columns.kernel + s)];
      const bool there = start != nullptr && column != nowhere;
      to[i] = there ? start + column * input_.pixel_step() : zeros_;
      reads = reads || there;
      if (++q == problem_.columns.output) {
        q = 0;
        ++p;
      }
    }
    return reads;
  }

  const Problem& problem_;
  const SourceColumns& columns_;
  const T* zeros_;
  InputRows<T> input_;
  Index rows_ = 0;
  bool one_line_ = false;
  std::vector<Index> source_rows_;    ///< [row of the strip][r], named as input_ does
  std::vector<const T*> row_starts_;  ///< [row of the strip][r], nullptr in the padding
  std::vector<PixelTile> tiles_;
  std::size_t pointer_count_ = 0;
  std::size_t tap_count_ = 0;
  std::unique_ptr<const T*[]> pointers_;  ///< [tile][tap], then [pixel] unless it is even
  std::unique_ptr<std::size_t[]> taps_;   ///< [tile][tap]
};

}  // namespace conv2d

// Which input columns the taps of each output column read, and which output columns read alike.
#pragma once

#include "algorithm/vector_types.h"
#include "geometry/problem.h"

#include <algorithm>
#include <vector>

namespace conv2d {

/// How the register tile finds what its pixels read: through one pointer a tap, from which those of
/// a row's ends may leave a pixel out; or through a pointer for each pixel and tap.
enum class TileKind : unsigned char { even, row, scattered };

/// Rows or columns whose taps read in step: each tap as far behind the one before, or all nowhere.
/// They are neighbours, unless they are rows of several images.
struct Run {
  Index begin;
  Index end;
  Index step;                      ///< of what they read, from each to the next
  Index taps;                      ///< that are not nowhere
  TileKind kind = TileKind::even;  ///< of the tiles that take them
  Index apart = 1;                 ///< that many from each to the next; `end` is one more behind

  Index size() const noexcept { return (end - begin) / apart; }
  /// Of neighbours alone: the whole run, or each by itself.
  Index pieces() const noexcept { return apart == 1 ? 1 : size(); }
};

/// Columns that read nothing beyond the border are counted, not looked up: of a long row those are
/// nearly all.
class SourceColumns {
 public:
  explicit SourceColumns(const Problem& problem)
      : columns_(problem.columns), inner_(inner_outputs(columns_)) {
    const Index border = columns_.output - inner_.size();
    at_border_.reserve(at(border * columns_.kernel));
    runs_.reserve(at(border + 1));
    for (Index q = 0; q < columns_.output; q = next(q)) {
      for (Index s = 0; s < columns_.kernel && !inner_.has(q); ++s) {
        at_border_.push_back(source_index(columns_, problem.padding_mode, q, s));
      }
      if (q > 0 && in_step(q)) {
        runs_.back().end = next(q);
      } else {
        runs_.push_back({q, next(q), columns_.stride, reading(q)});
      }
    }
    in_step_but_ends_ = reads_in_step_but_ends();
  }

  /// Bytes that this takes.
  static std::size_t bytes(const Problem& problem) {
    const Axis& columns = problem.columns;
    const std::size_t border = at(columns.output - inner_outputs(columns).size());
    return border * at(columns.kernel) * sizeof(Index) + (border + 1) * sizeof(Run);
  }

  /// What a tap reads, or `nowhere`.
  Index of(Index q, Index s) const {
    if (inner_.has(q)) {
      return columns_.position(q, s);
    }
    const Index before = q < inner_.begin ? q : q - inner_.size();
    return at_border_[at(before * columns_.kernel + s)];
  }

  /// Of columns, from left to right.
  const std::vector<Run>& runs() const { return runs_; }

  /// Whether columns are several runs, and would be one but for taps that are nowhere for the first
  /// column or for the last one, none for both.
  bool in_step_but_ends() const { return in_step_but_ends_; }

 private:
  /// The column to look at after this one: inner ones all read alike.
  Index next(Index q) const { return inner_.has(q) ? inner_.end : q + 1; }

  bool reads_in_step_but_ends() const {
    const Index last = columns_.output - 1;
    for (Index q = 0; q <= last; q = next(q)) {
      for (Index s = 0; s < columns_.kernel; ++s) {
        const bool may_miss = q == 0 || (q == last && of(0, s) != nowhere);
        const bool has_before = q > 0 && of(q - 1, s) != nowhere;
        if (of(q, s) == nowhere ? !may_miss
                                : has_before && of(q, s) != of(q - 1, s) + columns_.stride) {
          return false;
        }
      }
    }
    return last >= 2 && runs_.size() > 1;
  }

  /// How many taps of a column read an element.
  Index reading(Index q) const {
    Index taps = 0;
    for (Index s = 0; s < columns_.kernel; ++s) {
      taps += of(q, s) == nowhere ? 0 : 1;
    }
    return taps;
  }

  bool in_step(Index q) const {
    for (Index s = 0; s < columns_.kernel; ++s) {
      const Index before = of(q - 1, s);
      if (of(q, s) != (before == nowhere ? nowhere : before + columns_.stride)) {
        return false;
      }
    }
    return true;
  }

  Axis columns_;
  AxisRange inner_;
  std::vector<Index> at_border_;  ///< [q but the inner ones][s]
  std::vector<Run> runs_;
  bool in_step_but_ends_ = false;
};

}  // namespace conv2d

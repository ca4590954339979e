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

struct SourceColumns {
  explicit SourceColumns(const Problem& problem) : taps(problem.columns.kernel) {
    const Axis& columns = problem.columns;
    const OutputRange inner = inner_outputs(columns);
    sources.resize(at(columns.output * taps));
    for (Index q = 0; q < columns.output; ++q) {
      find_sources(problem, q, inner);
      if (q > 0 && (both_inside(inner, q) || in_step(q, columns.stride))) {
        runs.back().end = q + 1;
      } else {
        runs.push_back({q, q + 1, columns.stride, reading(q)});
      }
    }
    in_step_but_ends = reads_in_step_but_ends(columns.stride, inner);
  }

  static std::size_t bytes(const Problem& problem) {
    return at(problem.columns.output) * (at(problem.columns.kernel) * sizeof(Index) + sizeof(Run));
  }

  /// What a tap reads, or `nowhere`.
  Index of(Index q, Index s) const { return sources[at(q * taps + s)]; }

  Index taps;
  std::vector<Index> sources;  ///< [q][s]
  std::vector<Run> runs;       ///< of columns, from left to right
  /// Whether all columns would be one run but for taps that are nowhere for the first column or for
  /// the last one, none for both.
  bool in_step_but_ends;

 private:
  /// Whether a column and the one before it read nothing beyond the border: in step without a look.
  static bool both_inside(const OutputRange& inner, Index q) {
    return q > inner.begin && q < inner.end;
  }

  void find_sources(const Problem& problem, Index q, const OutputRange& inner) {
    const Axis& columns = problem.columns;
    Index* const to = sources.data() + q * taps;
    for (Index s = 0; s < taps; ++s) {
      to[s] = columns.position(q, s);
    }
    for (Index s = 0; s < taps && !inner.has(q); ++s) {
      to[s] = border_index(problem.padding_mode, to[s], columns.input);
    }
  }

  bool reads_in_step_but_ends(Index stride, const OutputRange& inner) const {
    const Index last = static_cast<Index>(sources.size()) / std::max<Index>(taps, 1) - 1;
    for (Index q = 0; q <= last; ++q) {
      for (Index s = 0; s < taps && !both_inside(inner, q); ++s) {
        const bool may_miss = q == 0 || (q == last && of(0, s) != nowhere);
        const bool has_before = q > 0 && of(q - 1, s) != nowhere;
        if (of(q, s) == nowhere ? !may_miss : has_before && of(q, s) != of(q - 1, s) + stride) {
          return false;
        }
      }
    }
    return last >= 2;
  }

  Index reading(Index q) const {
    const auto first = sources.begin() + q * taps;
    return taps - std::count(first, first + taps, nowhere);
  }

  bool in_step(Index q, Index step) const {
    for (Index s = 0; s < taps; ++s) {
      const Index before = of(q - 1, s);
      if (of(q, s) != (before == nowhere ? nowhere : before + step)) {
        return false;
      }
    }
    return true;
  }
};

}  // namespace conv2d

// Which input columns the taps of each output column read, and which output columns read alike.
#pragma once

#include "algorithm/vector_types.h"
#include "geometry/problem.h"

#include <algorithm>
#include <vector>

namespace conv2d {

/// Neighbours whose taps read in step: each tap as far behind the one before, or all nowhere.
struct Run {
  Index begin;
  Index end;
  Index step;  ///< of what they read, from each to the next
  Index taps;  ///< that are not nowhere
  bool scattered = false;

  Index size() const noexcept { return end - begin; }
};

struct SourceColumns {
  explicit SourceColumns(const Problem& problem) : taps(problem.columns.kernel) {
    const Axis& columns = problem.columns;
    for (Index q = 0; q < columns.output; ++q) {
      for (Index s = 0; s < taps; ++s) {
        sources.push_back(source_index(columns, problem.padding_mode, q, s));
      }
      if (q > 0 && in_step(q, columns.stride)) {
        runs.back().end = q + 1;
      } else {
        runs.push_back({q, q + 1, columns.stride, reading(q)});
      }
    }
  }

  static std::size_t bytes(const Problem& problem) {
    return at(problem.columns.output) * (at(problem.columns.kernel) * sizeof(Index) + sizeof(Run));
  }

  /// What a tap reads, or `nowhere`.
  Index of(Index q, Index s) const { return sources[at(q * taps + s)]; }

  Index taps;
  std::vector<Index> sources;  ///< [q][s]
  std::vector<Run> runs;       ///< of columns, from left to right

 private:
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

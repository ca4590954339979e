// The input rows of a strip of output rows where each is kept once, whatever the stride and the
// dilation: position i is the i-th row from the strip's first on, rows beyond the border included.
#pragma once

#include "algorithm/vector_types.h"

namespace conv2d {

/// Positions that so many output rows span.
inline Index strip_positions(const Axis& rows, Index output_rows) {
  return (output_rows - 1) * rows.stride + rows.extent();
}

/// Which input row each position of the strip from `first_row` on reads, `nowhere` among them.
inline void find_strip_rows(const Problem& problem, Index first_row, Index positions,
                            Index* sources) {
  const Axis& rows = problem.rows;
  for (Index i = 0; i < positions; ++i) {
    sources[i] = border_index(problem.padding_mode, rows.position(first_row, 0) + i, rows.input);
  }
}

}  // namespace conv2d

// The definition's sum for one output of a convolution with one input channel a group.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"

#include <cmath>

namespace conv2d {

/// sum over r, s of weight(r, s) * plane[h][w], the terms beyond a border of zeros left out.
template <class T, class Weight>
T plane_sum(const Problem& problem, const T* plane, const Strides& strides, Index p, Index q,
            Weight&& weight) {
  T sum{};
  for (Index r = 0; r < problem.rows.kernel; ++r) {
    const Index h = source_index(problem.rows, problem.padding_mode, p, r);
    for (Index s = 0; h != nowhere && s < problem.columns.kernel; ++s) {
      const Index w = source_index(problem.columns, problem.padding_mode, q, s);
      if (w != nowhere) {
        sum = std::fma(weight(r, s), plane[h * strides[2] + w * strides[3]], sum);
      }
    }
  }
  return sum;
}

}  // namespace conv2d

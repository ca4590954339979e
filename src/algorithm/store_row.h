// From sums whose channels lie side by side to an output of any strides.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"

namespace conv2d {

/// Pixels of one output row: [q][from_stride] of which the first `channels` of each are stored at
/// `to`, which is the first pixel's first channel in a tensor of these strides.
template <class T>
void store_row(const T* from, Index from_stride, T* to, const Strides& strides, Index channels,
               Index pixels) {
  if (strides[3] == 1) {
    simd::kernels<T>().transpose(from, from_stride, to, strides[1], channels, pixels);
    return;
  }
  for (Index q = 0; q < pixels; ++q) {
    for (Index k = 0; k < channels; ++k) {
      to[k * strides[1] + q * strides[3]] = from[q * from_stride + k];
    }
  }
}

}  // namespace conv2d

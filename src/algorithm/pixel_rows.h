// Pixels of a row between a tensor of any strides and memory where their channels lie side by side.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"
#include "simd/copy_rows.h"
#include "simd/kernels.h"

#include <algorithm>

namespace conv2d {

/// Whether the channels of a pixel lie side by side, and the next pixel behind them.
inline bool channels_interleave(const Strides& strides, Index channels) {
  return strides[1] == 1 && strides[3] == channels;
}

/// Whether each row's first pixel lies behind the last one of the row before, where a row has so
/// many.
inline bool rows_follow(const Strides& strides, Index width) {
  return strides[2] == width * strides[3];
}

/// Whether rows of so many channels are put between each other in one go.
inline bool may_interleave(Index channels) { return channels > 1 && channels <= simd::most_dealt; }

/// From `from`, the first pixel's first channel in a tensor of these strides, to [pixel][to_stride]
/// of which the first `channels` of each are written.
template <class T>
void load_row(const T* from, const Strides& strides, T* to, Index to_stride, Index channels,
              Index pixels) {
  if (strides[3] == 1) {
    simd::kernels<T>().transpose(from, strides[1], to, to_stride, pixels, channels);
    return;
  }
  if (strides[1] == 1) {
    simd::row_copies<T>().copy({from, strides[3], 1, to, to_stride, at(pixels), at(channels)});
    return;
  }
  for (Index w = 0; w < pixels; ++w, from += strides[3], to += to_stride) {
    for (Index c = 0; c < channels; ++c) {
      to[c] = from[c * strides[1]];
    }
  }
}

/// The other way: from [pixel][from_stride] to `to`, the first pixel's first channel.
template <class T>
void store_row(const T* from, Index from_stride, T* to, const Strides& strides, Index channels,
               Index pixels) {
  if (strides[3] == 1) {
    simd::kernels<T>().transpose(from, from_stride, to, strides[1], channels, pixels);
    return;
  }
  for (Index q = 0; q < pixels; ++q, from += from_stride, to += strides[3]) {
    if (strides[1] == 1) {
      std::copy(from, from + channels, to);
      continue;
    }
    for (Index k = 0; k < channels; ++k) {
      to[k * strides[1]] = from[k];
    }
  }
}

}  // namespace conv2d

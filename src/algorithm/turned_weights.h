// Weights turned so that output channels lie side by side, as vectors over them read them.
#pragma once

#include "algorithm/output_blocks.h"
#include "conv2d/tensor.h"

#include <algorithm>

namespace conv2d {

/// The weights of one block of a group's output channels, for `channels` input channels from
/// `first_channel` on: [c][r][s][output channel], zero where the block's last vector has none.
template <class T>
void turn_weights(const OutputBlocks<T>& outputs, const Block& block, TensorView weight,
                  Index group, Index first_channel, Index channels, T* to) {
  const Strides& strides = weight.strides();
  const Index width = weight.sizes()[3];
  const Index taps = weight.sizes()[2] * width;
  const Index wide = outputs.wide(block);
  const Index real = outputs.real(block);
  const T* from = static_cast<const T*>(weight.data()) +
                  (group * outputs.outputs + outputs.first(block)) * strides[0] +
                  first_channel * strides[1];
  // The taps of all channels lie one after the other.
  if (strides[3] == 1 && strides[2] == width && strides[1] == taps) {
    outputs.kernels.transpose(from, strides[0], to, wide, channels * taps, real);
  } else if (strides[3] == -1 && strides[2] == -width) {  // from the last to the first
    for (Index c = 0; c < channels; ++c) {
      outputs.kernels.transpose(from + c * strides[1] - (taps - 1), strides[0],
                                to + (c * taps + taps - 1) * wide, -wide, taps, real);
    }
  } else {
    for (Index c = 0; c < channels; ++c) {
      for (Index t = 0; t < taps; ++t) {
        const T* tap = from + c * strides[1] + t / width * strides[2] + t % width * strides[3];
        for (Index k = 0; k < real; ++k) {
          to[(c * taps + t) * wide + k] = tap[k * strides[0]];
        }
      }
    }
  }
  for (Index row = 0; real < wide && row < channels * taps; ++row) {
    std::fill(to + row * wide + real, to + (row + 1) * wide, T{0});
  }
}

}  // namespace conv2d

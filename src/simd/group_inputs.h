// The inner loop of convolutions in groups of so many channels that they fill a vector, or half a
// wide one: what GroupedChannels says, an input at a time broadcast to its group's outputs.
// Compiled once for every instruction set.
#pragma once

#include "simd/grouped_channels.h"

#include <array>
#include <cstddef>

namespace conv2d::simd {

struct GroupInputsKernels {
  std::size_t part;  ///< lanes that read one input: groups are a multiple of it, or of a vector
  using Tiles = GroupedChannelsKernels<float>::Tiles;
  /// unrolled[w][d][q]: kernels of 3 + 2w columns, pixels of stride 1 + d, q outputs.
  std::array<std::array<Tiles, 2>, 2> unrolled;
  /// any[q]: kernels of any width and stride.
  Tiles any;
};

/// Of the instructions in use now.
const GroupInputsKernels& group_inputs_kernels() noexcept;

}  // namespace conv2d::simd

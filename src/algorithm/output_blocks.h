// How the output channels of a group are cut into vectors, and the vectors into blocks that a
// register tile computes; the bias in that order.
#pragma once

#include "algorithm/bias.h"
#include "algorithm/vector_types.h"
#include "conv2d/functional.h"

#include <algorithm>
#include <vector>

namespace conv2d {

/// Vectors of output channels that one tile computes.
struct Block {
  Index first_vector;
  int vectors;
};

template <class T>
struct OutputBlocks {
  explicit OutputBlocks(const Problem& problem)
      : kernels(simd::kernels<T>()),
        outputs(problem.out_channels_per_group()),
        lanes(kernels.lanes),
        vectors(divide_up(outputs, lanes)) {
    auto widest_tile = simd::most_vectors;
    while (kernels.pixels[widest_tile] == 0) {
      --widest_tile;
    }
    const Index count = divide_up(vectors, static_cast<Index>(widest_tile));
    for (Index i = 0, next = 0; i < count; ++i) {
      const auto wide_here = static_cast<int>(vectors / count + (i < vectors % count ? 1 : 0));
      blocks.push_back({next, wide_here});
      next += wide_here;
    }
  }

  Index count() const noexcept { return static_cast<Index>(blocks.size()); }
  /// Vectors of the widest block.
  int widest() const noexcept { return blocks.empty() ? 0 : blocks.front().vectors; }

  Index first(const Block& block) const noexcept { return block.first_vector * lanes; }
  Index wide(const Block& block) const noexcept { return block.vectors * lanes; }
  /// Output channels of a block that there are; the rest fills its last vector.
  Index real(const Block& block) const noexcept {
    return std::min(wide(block), outputs - first(block));
  }

  /// Pixels of the next tile of so many vectors where `left` pixels are left: tiles as even as
  /// can be, of `most` at most, that there are.
  Index next_tile(int tile_vectors, Index left, Index most) const noexcept {
    Index pixels = divide_up(left, divide_up(left, most));
    while (kernels.tile[at(tile_vectors)][at(pixels)] == nullptr) {
      --pixels;
    }
    return pixels;
  }

  const simd::Kernels<T>& kernels;
  Index outputs;  ///< of one group
  Index lanes;
  Index vectors;  ///< of one group
  std::vector<Block> blocks;
};

/// [group][vectors][lanes], zero where there is no bias.
template <class T>
std::vector<T> packed_bias(const Problem& problem, const OutputBlocks<T>& blocks,
                           const functional::OptionalView& bias) {
  const Index wide = blocks.vectors * blocks.lanes;
  std::vector<T> packed(at(problem.groups * wide), T{0});
  for (Index k = 0; k < problem.out_channels; ++k) {
    packed[at(k / blocks.outputs * wide + k % blocks.outputs)] = bias_of<T>(bias, k);
  }
  return packed;
}

}  // namespace conv2d

// How the output channels of a group are cut into vectors, and the vectors into blocks that a
// register tile computes; the bias in that order. Channels that fill no more than half of a last
// vector are a block of half a one, where there are such (simd/kernels.h). Where a processor takes
// as long for it, only if a whole one would be a block more: a wider tile loads less. On a Xeon 24
// outputs are a quarter faster as two vectors.
#pragma once

#include "algorithm/bias.h"
#include "algorithm/vector_types.h"
#include "conv2d/functional.h"
#include "simd/halves.h"

#include <algorithm>
#include <vector>

namespace conv2d {

/// Vectors of output channels that one tile computes, or simd::half_vector.
struct Block {
  Index first_vector;
  int vectors;
};

/// Registers that a pixel of the block's tile takes: half a vector is one, too.
inline int registers_of(const Block& block) noexcept {
  return block.vectors == simd::half_vector ? 1 : block.vectors;
}

template <class T>
struct OutputBlocks {
  explicit OutputBlocks(const Problem& problem)
      : kernels(simd::kernels<T>()),
        outputs(problem.out_channels_per_group()),
        lanes(kernels.lanes) {
    const Index rest = outputs % lanes;
    const auto widest_tile = static_cast<Index>(kernels.widest_tile());
    const auto blocks_of = [&](Index vectors) { return divide_up(vectors, widest_tile); };
    const bool halves = kernels.pixels[simd::half_vector] > 0 && rest > 0 && rest <= lanes / 2 &&
                        (simd::takes_wide_vectors_in_halves() ||
                         blocks_of(outputs / lanes + 1) > blocks_of(outputs / lanes));
    const Index vectors = halves ? outputs / lanes : divide_up(outputs, lanes);
    const Index count = blocks_of(vectors);
    blocks.reserve(at(count + 1));
    for (Index i = 0, next = 0; i < count; ++i) {
      const auto wide_here = static_cast<int>(vectors / count + (i < vectors % count ? 1 : 0));
      blocks.push_back({next, wide_here});
      next += wide_here;
    }
    if (halves) {
      blocks.push_back({vectors, simd::half_vector});
    }
    padded = blocks.empty() ? 0 : first(blocks.back()) + wide(blocks.back());
  }

  Index count() const noexcept { return static_cast<Index>(blocks.size()); }
  /// The first one.
  const Block& widest() const noexcept { return blocks.front(); }

  Index first(const Block& block) const noexcept { return block.first_vector * lanes; }
  Index wide(const Block& block) const noexcept {
    return block.vectors == simd::half_vector ? lanes / 2 : block.vectors * lanes;
  }
  /// Output channels of a block that there are; the rest fills its last vector.
  Index real(const Block& block) const noexcept {
    return std::min(wide(block), outputs - first(block));
  }

  /// Pixels of the next tile of so many vectors where `left` pixels are left.
  Index next_tile(int tile_vectors, Index left) const noexcept {
    const auto most = static_cast<Index>(kernels.pixels[at(tile_vectors)]);
    return left >= 2 * most ? most : kernels.next[at(tile_vectors)][at(left)];
  }

  const simd::Kernels<T>& kernels;
  Index outputs;  ///< of one group
  Index lanes;
  Index padded;  ///< outputs with what fills the last block
  std::vector<Block> blocks;
};

/// [group][padded], zero where there is no bias.
template <class T>
std::vector<T> packed_bias(const Problem& problem, const OutputBlocks<T>& blocks,
                           const functional::OptionalView& bias) {
  std::vector<T> packed(at(problem.groups * blocks.padded), T{0});
  for (Index group = 0; bias && group < problem.groups; ++group) {
    for (Index k = 0; k < blocks.outputs; ++k) {
      packed[at(group * blocks.padded + k)] = bias_of<T>(bias, group * blocks.outputs + k);
    }
  }
  return packed;
}

}  // namespace conv2d

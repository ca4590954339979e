// How many pixels of a line each register tile takes, and what that costs.
#pragma once

#include "algorithm/output_blocks.h"
#include "algorithm/vector_types.h"
#include "simd/tile_cycles.h"

#include <algorithm>

namespace conv2d {

template <class T>
struct TileSizes {
  TileSizes(const OutputBlocks<T>& blocks, int tile_vectors, Index channels)
      : outputs(blocks),
        vectors(tile_vectors),
        most(static_cast<Index>(blocks.kernels.pixels[at(tile_vectors)])),
        uses(static_cast<double>(std::max<Index>(channels, 1) * blocks.count())) {}

  /// Pixels of the next tile where so many are left.
  Index next(Index left) const { return outputs.next_tile(vectors, left); }

  /// Cycles for each tap and input channel, of all tiles of a line of so many pixels that lie
  /// evenly.
  double line_cycles(Index pixels) const { return cycles(pixels, 1); }

  /// Of pixels with a pointer to each, which is loaded before what it points to, and was written
  /// before.
  double scattered_cycles(Index pixels) const { return cycles(pixels, 2); }

  /// Of one tile of pixels that lie evenly.
  double tile_cycles(Index pixels) const { return tile(pixels, 1); }

  /// Whether there is a tile of so many pixels whose taps may leave out an end of it.
  bool may_end_a_row(Index pixels) const {
    return outputs.kernels.row_tile[at(vectors)][at(pixels)] != nullptr;
  }

  const OutputBlocks<T>& outputs;
  int vectors;  ///< of output channels, as in Block, which a tile computes of each pixel
  Index most;   ///< pixels of a tile
  double uses;  ///< how often a tile's pointers are used once they are written

 private:
  double cycles(Index left, double loads) const {
    // Tiles of a long line are as large as they can be, nearly.
    const Index full = std::max<Index>(0, left / most - 1);
    left -= full * most;
    double sum = full == 0 ? 0 : static_cast<double>(full) * tile(most, loads);
    for (Index size = 0; left > 0; left -= size) {
      size = next(left);
      sum += tile(size, loads);
    }
    return sum;
  }

  double tile(Index size, double loads) const {
    const auto pixels = static_cast<double>(size);
    const double wide = std::max(vectors, 1);  // half a vector takes as long as one, most often
    return std::max(simd::tile_cycles(pixels, wide, loads * pixels + wide),
                    simd::weight_cycles * wide) +
           (loads > 1 ? loads * pixels : 1) / uses;
  }
};

}  // namespace conv2d

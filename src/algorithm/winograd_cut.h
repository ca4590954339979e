// How the outputs are cut into tiles of 4x4, and the tiles into blocks that are transformed,
// multiplied and transformed back before the next.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/threads.h"
#include "simd/winograd_matrices.h"

#include <algorithm>
#include <vector>

namespace conv2d::winograd {

inline constexpr auto tile_outputs = static_cast<Index>(simd::winograd_outputs);
inline constexpr auto tile_inputs = static_cast<Index>(simd::winograd_inputs);
inline constexpr auto tile_products = static_cast<Index>(simd::winograd_products);

/// So many tiles use a weight while it is in the first cache; the factors and products of more of
/// them would take the second cache from the weights.
inline constexpr Index most_tiles_at_once = 28;

/// A rectangle of tiles: rows of tiles are counted through the whole batch.
struct TileBlock {
  Index first_row, rows;
  Index first_column, columns;

  Index tiles() const noexcept { return rows * columns; }
};

/// What follows from the problem and the number of threads: no bit of a result does.
struct Cut {
  Cut(const Problem& problem, Index others)
      : tile_rows(divide_up(problem.rows.output, tile_outputs)),
        tile_columns(divide_up(problem.columns.output, tile_outputs)),
        total_rows(problem.batch * tile_rows) {
    pieces = divide_up(tile_columns, most_tiles_at_once);
    piece_columns = divide_up(tile_columns, pieces);
    strip_rows =
        std::clamp<Index>(most_tiles_at_once / piece_columns, 1, std::max<Index>(total_rows, 1));
    // Enough blocks for every thread to have its share.
    const Index wanted = divide_up(Index{4} * num_threads(), others * pieces);
    if (divide_up(total_rows, strip_rows) < wanted) {
      strip_rows = std::max<Index>(1, total_rows / wanted);
    }
    strips = divide_up(total_rows, strip_rows);
  }

  Index blocks() const noexcept { return strips * pieces; }
  Index most_tiles() const noexcept { return strip_rows * piece_columns; }

  TileBlock block(Index i) const noexcept {
    const Index row = i / pieces * strip_rows;
    const Index column = i % pieces * piece_columns;
    return {row, std::min(strip_rows, total_rows - row), column,
            std::min(piece_columns, tile_columns - column)};
  }

  Index tile_rows;     ///< of one image
  Index tile_columns;  ///< of one image
  Index total_rows;    ///< of the batch
  Index pieces = 1;    ///< into which a row of tiles is cut
  Index piece_columns = 0;
  Index strip_rows = 1;
  Index strips = 0;
};

/// Which input index each of a tile's inputs reads along one axis: [tile][6], `nowhere` in the
/// padding and where no output reads.
inline std::vector<Index> sources(const Axis& axis, PaddingMode mode) {
  std::vector<Index> found;
  const Index tiles = divide_up(axis.output, tile_outputs);
  for (Index tile = 0; tile < tiles; ++tile) {
    for (Index i = tile * tile_outputs; i < tile * tile_outputs + tile_inputs; ++i) {
      const bool read = i < axis.output + axis.kernel - 1;
      found.push_back(read ? border_index(mode, i - axis.pad_before, axis.input) : nowhere);
    }
  }
  return found;
}

}  // namespace conv2d::winograd

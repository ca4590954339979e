// How separable filters are cut into pieces: output rows into strips, columns into tiles whose sums
// along columns stay in a cache until those along rows have read them.
#pragma once

#include "algorithm/strip_rows.h"
#include "algorithm/vector_types.h"
#include "conv2d/tensor.h"
#include "conv2d/threads.h"
#include "simd/depthwise_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace conv2d::separable {

/// Output columns, and the columns that they read, which are counted from the tile's first on as
/// its elements: so many and kernel - 1 more.
struct Tile {
  Index first;
  Index outputs;
  Index elements;
  Index inner;      ///< the first element that is a column of the input
  Index inner_end;  ///< and one behind the last
  Index from;       ///< the input's column that `inner` is
  /// The input is read where it lies, and elements of the border are those of inner ones.
  bool in_place;
  std::vector<std::pair<Index, Index>> border;  ///< element, column of the input or `nowhere`
};

/// Depends on the instructions in use, on how the tensors lie in memory, and, without a change of
/// any bit, on the number of threads.
struct Cut {
  /// Output rows of which sums along columns wait for those along rows.
  static constexpr Index rows_at_once = 8;

  /// Where channels that lie side by side in both tensors all have one filter, a row of pixels is
  /// one of numbers, `channels_together` for each column; else that is 1.
  Cut(const Problem& problem, bool side_by_side, Index channels_together)
      : lanes(static_cast<Index>(simd::depthwise_rows_kernels<float>().lanes)),
        together(channels_together) {
    cut_columns(problem, side_by_side);
    cut_rows(problem);
  }

  Index items(const Problem& problem) const { return problem.batch * strips; }
  /// Where a strip's output rows begin; strips are as even as can be.
  Index first_row(const Problem& problem, Index strip) const {
    return problem.rows.output * strip / strips;
  }
  /// Numbers of the sums of a tile along columns.
  Index sums() const { return rows_at_once * pitch; }
  /// Numbers of the copy of a strip of a tile's input.
  Index copied(const Problem& problem) const {
    const bool some =
        std::any_of(tiles.begin(), tiles.end(), [](const Tile& tile) { return !tile.in_place; });
    return some ? strip_positions(problem.rows, rows) * pitch : 0;
  }

  Index lanes;
  Index together;
  std::vector<Tile> tiles;
  Index pitch = 0;  ///< numbers from a row of a tile to the next, a vector of slack among them
  Index rows = 1;   ///< output rows of a strip at most
  Index strips = 1;

 private:
  void cut_columns(const Problem& problem, bool side_by_side) {
    // Longer runs of a row are faster to fetch than sums that L1 holds are to read.
    constexpr Index most = 6144;
    const Index columns = problem.columns.output;
    const Index vectors = divide_up(columns, lanes);
    const Index count = divide_up(vectors * lanes * together, most);
    for (Index i = 0, first = 0; first < columns; ++i) {
      const Index wide = (vectors / count + (i < vectors % count ? 1 : 0)) * lanes;
      tiles.push_back(tile_of(problem, first, std::min(wide, columns - first), side_by_side));
      pitch = std::max(pitch, divide_up(tiles.back().elements * together, lanes) * lanes + lanes);
      first += wide;
    }
  }

  Tile tile_of(const Problem& problem, Index first, Index outputs, bool side_by_side) const {
    const Axis& axis = problem.columns;
    Tile tile{first, outputs, outputs + axis.kernel - 1, 0, 0, 0, side_by_side, {}};
    const Index begin = axis.position(first, 0);
    tile.inner = std::clamp<Index>(-begin, 0, tile.elements);
    tile.inner_end = std::clamp<Index>(axis.input - begin, tile.inner, tile.elements);
    tile.from = begin + tile.inner;
    const Index count = tile.inner_end - tile.inner;
    tile.in_place &= count * together >= lanes;
    for (Index e = 0; e < tile.elements; ++e) {
      if (e < tile.inner || e >= tile.inner_end) {
        const Index w = border_index(problem.padding_mode, begin + e, axis.input);
        tile.in_place &= w == nowhere || (w >= tile.from && w < tile.from + count);
        tile.border.emplace_back(e, w);
      }
    }
    return tile;
  }

  /// Few enough rows for copies of them to stay in a cache, and pieces for all threads.
  void cut_rows(const Problem& problem) {
    constexpr Index most = 64;
    const Index output = std::max<Index>(problem.rows.output, 1);
    const Index images = std::max<Index>(problem.batch, 1);
    const Index wanted = num_threads() == 1 ? 1 : divide_up(Index{4} * num_threads(), images);
    strips = std::clamp<Index>(std::max(divide_up(output, most), wanted), 1, output);
    rows = divide_up(output, strips);
  }
};

}  // namespace conv2d::separable

// How the outputs are cut into tiles of 4x4 or 2x2, and the tiles into blocks that are
// transformed, multiplied and transformed back before the next.
#pragma once

#include "algorithm/output_blocks.h"
#include "algorithm/run_items.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"
#include "simd/tile_cycles.h"
#include "simd/winograd_matrices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace conv2d::winograd {

/// The side of a tile.
struct Side {
  Index outputs;

  constexpr Index inputs() const {
    return static_cast<Index>(simd::winograd_inputs(static_cast<std::size_t>(outputs)));
  }
  constexpr Index products() const { return inputs() * inputs(); }
  /// How many tiles have all outputs of an axis.
  Index tiles(const Axis& axis) const { return divide_up(axis.output, outputs); }
};

/// Enough for each weight to be used so often while it is in the first cache.
inline constexpr Index most_tiles_at_once = 56;
/// Of one row: the longer its pieces, the faster planes are read and written.
inline constexpr Index most_tiles_of_row = 128;

/// A rectangle of tiles: rows of tiles are counted through the whole batch.
struct TileBlock {
  Index first_row, rows;
  Index first_column, columns;

  Index tiles() const noexcept { return rows * columns; }
};

/// The work is cut into items: a block of tiles of a group, with a part of its blocks of output
/// channels. What follows from the problem, the machine and the number of threads: no bit of a
/// result does.
class Cut {
 public:
  Cut(const Problem& problem, const OutputBlocks<float>& outputs, Side tile_side)
      : side(tile_side),
        tile_rows(side.tiles(problem.rows)),
        tile_columns(side.tiles(problem.columns)),
        total_rows(problem.batch * tile_rows),
        groups(problem.groups),
        piece_columns(std::max<Index>(even_piece(tile_columns, longest_piece(problem)), 1)),
        pieces(divide_up(tile_columns, piece_columns)) {
    const Index most_rows = std::min(most_tiles_at_once / piece_columns, total_rows);
    double least = std::numeric_limits<double>::infinity();
    for (Index rows = std::max<Index>(most_rows, 1); rows > 0 && total_rows > 0; --rows) {
      for (Index parts = 1; parts <= outputs.count(); ++parts) {
        const Index some =
            even_strips(pieces * groups * parts, divide_up(total_rows, rows), total_rows);
        const double cycles = cycles_of(problem, outputs, some, parts);
        if (cycles < least) {
          least = cycles;
          strips = some;
          strip_rows = divide_up(total_rows, strips);
          output_parts = parts;
        }
      }
    }
  }

  Index blocks() const noexcept { return strips * pieces; }
  Index most_tiles() const noexcept { return strip_rows * piece_columns; }
  Index items() const noexcept { return blocks() * groups * output_parts; }

  /// Parts of the blocks of output channels change fastest, then groups.
  struct Item {
    Index tiles, group, part;
  };
  Item item(Index i) const noexcept {
    return {i / output_parts / groups, i / output_parts % groups, i % output_parts};
  }

  TileBlock block(Index i) const noexcept {
    const Index strip = i / pieces;
    const Index row = total_rows * strip / strips;
    const Index column = i % pieces * piece_columns;
    return {row, total_rows * (strip + 1) / strips - row, column,
            std::min(piece_columns, tile_columns - column)};
  }

  /// Bytes; asked for once.
  static std::size_t machine_l2() {
    static const std::size_t bytes = machine().l2_bytes;
    return bytes;
  }

  Side side;
  Index tile_rows;     ///< of one image
  Index tile_columns;  ///< of one image
  Index total_rows;    ///< of the batch
  Index groups;
  Index piece_columns;   ///< tiles of a row's pieces, but the last
  Index pieces;          ///< into which a row of tiles is cut
  Index strips = 0;      ///< into which the rows of tiles are cut, as evenly as can be
  Index strip_rows = 1;  ///< rows of tiles in a block, at most
  Index output_parts = 1;

 private:
  /// Tiles of a row whose factors are twice as many as L2 holds, at most: measured, rows that are
  /// cut take longer still.
  Index longest_piece(const Problem& problem) const {
    const Index tile = std::max<Index>(problem.in_channels_per_group(), 1) * side.products() *
                       static_cast<Index>(sizeof(float));
    const Index held = 2 * static_cast<Index>(machine_l2()) / tile;
    return std::clamp(held, most_tiles_at_once, most_tiles_of_row);
  }

  /// Of pieces that are about even; all but the last end where lines of memory may.
  Index even_piece(Index columns, Index longest) const {
    const Index count = divide_up(columns, longest);
    const Index line = 16 / side.outputs;
    return count <= 1 ? columns : divide_up(divide_up(columns, count), line) * line;
  }

  /// What the busiest thread takes, roughly, if all of so many strips were as high as the highest.
  /// A transform takes about 300 cycles a vector for 4x4 outputs, and for 2x2 less as it has fewer
  /// products; what L2 does not hold comes with 8 bytes a cycle.
  double cycles_of(const Problem& problem, const OutputBlocks<float>& outputs, Index some_strips,
                   Index parts) const {
    const Index rows = divide_up(total_rows, some_strips);
    const auto products = static_cast<double>(side.products());
    const double transform = 300.0 / 36 * products;
    constexpr double bytes_a_cycle = 8;
    const auto channels = static_cast<double>(problem.in_channels_per_group());
    const auto blocks = static_cast<double>(divide_up(outputs.count(), parts));
    const int vectors = outputs.widest().vectors;
    const auto wide = static_cast<double>(outputs.wide(outputs.widest()));
    const auto tiles = static_cast<double>(rows * piece_columns);
    const auto most = static_cast<double>(outputs.kernels.pixels[at(vectors)]);
    const double tile = tiles / std::ceil(tiles / most);
    const double multiply = products * tiles * channels * wide /
                            static_cast<double>(outputs.lanes) /
                            simd::tile_efficiency(tile, registers_of(outputs.widest()));
    const double turn = transform * tiles / static_cast<double>(outputs.lanes);
    const double factors = products * 4 * tiles * channels;
    const bool fits = factors + products * 4 * tiles * wide < static_cast<double>(machine_l2());
    const double fetch = products * 4 * channels * wide + (fits ? 0 : factors);
    const double one = turn * channels + blocks * (multiply + turn * wide + fetch / bytes_a_cycle);
    const Index items = divide_up(some_strips * pieces * groups * parts, num_threads());
    return one * static_cast<double>(items);
  }
};

/// Which input index each of a tile's inputs reads along one axis: [tile][input], `nowhere` in the
/// padding and where no output reads.
inline std::vector<Index> sources(const Axis& axis, PaddingMode mode, Side side) {
  std::vector<Index> found;
  found.reserve(static_cast<std::size_t>(side.tiles(axis) * side.inputs()));
  for (Index tile = 0; tile < side.tiles(axis); ++tile) {
    for (Index i = tile * side.outputs; i < tile * side.outputs + side.inputs(); ++i) {
      const bool read = i < axis.output + axis.kernel - 1;
      found.push_back(read ? border_index(mode, i - axis.pad_before, axis.input) : nowhere);
    }
  }
  return found;
}

}  // namespace conv2d::winograd

// What a register tile costs, by a model that holds for every processor of the last ten years.
#pragma once

#include <algorithm>

namespace conv2d::simd {

/// Cycles for each vector of weights, which come from the second cache: three of one multiply-add
/// each.
inline constexpr double weight_cycles = 1.5;

/// Cycles that one step of a tile of `rows` x `vectors` sums takes: each sum of the tile is
/// multiplied and added to once. Two multiply-adds begin in a cycle, and two loads do, of which
/// there are `loads`; and no step is shorter than the 4 cycles after which a sum can be added to
/// again, with something for what does not fit exactly.
inline double tile_cycles(double rows, double vectors, double loads) {
  constexpr double latency = 4.5;
  return std::max({latency, rows * vectors / 2, loads / 2});
}

/// The share of all multiply-adds that could begin meanwhile, where each row and each vector is
/// loaded once.
inline double tile_efficiency(double rows, double vectors) {
  return rows * vectors / 2 / tile_cycles(rows, vectors, rows + vectors);
}

}  // namespace conv2d::simd

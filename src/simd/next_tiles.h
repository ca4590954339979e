// How a line of pixels is cut into register tiles.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace conv2d::simd {

/// [left]: pixels of the next tile where so many are left of a line, fewer than twice the most that
/// a tile may have: those of the tiles that take the least time together, the largest of equals.
/// exists(pixels) says which tiles there are, cost(pixels) what one takes.
template <std::size_t most, class Exists, class Cost>
constexpr std::array<std::uint8_t, 2 * most> next_tiles(const Exists& exists, const Cost& cost) {
  std::array<std::uint8_t, 2 * most> next{};
  std::array<double, 2 * most> costs{};
  for (std::size_t left = 1; left < next.size(); ++left) {
    for (std::size_t pixels = std::min(left, most); pixels > 0; --pixels) {
      if (!exists(pixels)) {
        continue;
      }
      const double all = cost(pixels) + costs[left - pixels];
      if (next[left] == 0 || all < costs[left]) {
        next[left] = static_cast<std::uint8_t>(pixels);
        costs[left] = all;
      }
    }
  }
  return next;
}

}  // namespace conv2d::simd

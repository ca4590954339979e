// Which lines of memory meet in the first cache: 32 KiB of 64 sets, of which each holds eight
// lines, as in most processors of the last ten years.
#pragma once

#include "algorithm/vector_types.h"

#include <algorithm>
#include <numeric>

namespace conv2d {

/// Bytes from a line to the next one that belongs to the same set.
inline constexpr Index way_bytes = 4096;

/// Whether lines so many bytes apart all belong to one set.
inline bool share_a_set(Index apart) noexcept { return apart % way_bytes == 0; }

/// Or to sets beside each other, for dozens of them.
inline bool nearly_share_a_set(Index apart) noexcept {
  constexpr Index drift = 16;
  return (apart + drift) % way_bytes <= 2 * drift && apart > drift;
}

/// How many lines so many bytes apart the cache holds at most.
inline Index lines_held(Index apart) noexcept {
  constexpr Index line = 64;
  constexpr Index ways = 8;
  return ways * way_bytes / std::max(std::gcd(apart, way_bytes), line);
}

}  // namespace conv2d

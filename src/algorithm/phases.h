// A convolution of any stride and dilation as one of stride 1: the input split into phases.
//
// Tap r of output p reads position p*stride + r*dilation. With r*dilation = shift*stride + phase
// that is position (p + shift)*stride + phase: element p + shift of those positions that leave
// `phase` when divided by the stride. So along each phase outputs advance by one.
#pragma once

#include "geometry/axis.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace conv2d {

struct PhasedTap {
  std::int64_t phase;
  std::int64_t shift;
};

inline PhasedTap phased(const Axis& axis, std::int64_t tap) noexcept {
  const std::int64_t position = tap * axis.dilation;
  return {position % axis.stride, position / axis.stride};
}

/// The largest shift of any tap.
inline std::int64_t most_shift(const Axis& axis) noexcept {
  return (axis.kernel - 1) * axis.dilation / axis.stride;
}

/// The phases that taps read, in ascending order.
inline std::vector<std::int64_t> phases_of(const Axis& axis) {
  std::vector<std::int64_t> phases;
  for (std::int64_t tap = 0; tap < std::min(axis.kernel, axis.stride); ++tap) {
    phases.push_back(phased(axis, tap).phase);
  }
  std::sort(phases.begin(), phases.end());
  phases.erase(std::unique(phases.begin(), phases.end()), phases.end());
  return phases;
}

}  // namespace conv2d

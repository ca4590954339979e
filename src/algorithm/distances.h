// Distances that an algorithm should not lay memory out for.
#pragma once

#include "algorithm/vector_types.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace conv2d {

/// Why an algorithm that keeps a place for everything between the taps of a kernel, or between two
/// windows, cannot take the problem, or nothing. With a padding as large as a dilation of 10^9 the
/// tensors are small, and such a place would be all zeros and larger than the machine's memory.
inline std::optional<std::string_view> refuses_distances(const Problem& problem) {
  constexpr Index far = 65536;
  const auto reaches_too_far = [](const Axis& axis) {
    return std::max(axis.extent(), axis.stride) > std::max({far, axis.input, axis.output});
  };
  if (reaches_too_far(problem.rows) || reaches_too_far(problem.columns)) {
    return "taps or windows further apart than the tensors are large would waste memory";
  }
  return std::nullopt;
}

}  // namespace conv2d

// The element types that algorithms on vectors are written for, and the loop counter they share.
#pragma once

#include "geometry/problem.h"
#include "simd/kernels.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace conv2d {

using Index = std::int64_t;

inline std::size_t at(Index index) noexcept { return static_cast<std::size_t>(index); }

inline Index divide_up(Index a, Index b) noexcept { return (a + b - 1) / b; }

/// Why no such algorithm can take these types, or nothing.
inline std::optional<std::string_view> refuses_types(const Types& types) {
  if (types == Types{DType::float32, DType::float32, DType::float32}) {
    return std::nullopt;
  }
  if (types != Types{DType::float64, DType::float64, DType::float64}) {
    return "only float32 and float64";
  }
  if (simd::kernels<double>().lanes == 0) {
    return "this processor's vectors hold no float64";
  }
  return std::nullopt;
}

/// Calls body.operator()<T>() for the type of the problem's elements, one that is not refused.
template <class Body>
decltype(auto) in_its_type(const Problem& problem, Body&& body) {
  return problem.types.y == DType::float64 ? body.template operator()<double>()
                                           : body.template operator()<float>();
}

}  // namespace conv2d

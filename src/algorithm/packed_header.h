// What stands before packed weights: for which vectors they were packed, and what is known of them.
#pragma once

#include "algorithm/vector_types.h"
#include "base/error.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace conv2d {

struct PackedHeader {
  Index lanes;
  bool finite;
};

/// Whether none of the weights is infinite or NaN.
template <class T>
bool all_finite(const T* values, Index count) noexcept {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits exponent = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
  Bits found = 0;  // no early end: the loop is made of vector instructions so
  for (Index i = 0; i < count; ++i) {
    found |= static_cast<Bits>((std::bit_cast<Bits>(values[i]) & exponent) == exponent);
  }
  return found == 0;
}

/// The weights begin so many bytes later, where a cache line begins.
inline constexpr std::size_t header_bytes = 64;

inline void write_header(const PackedHeader& header, std::byte* packed) {
  std::memcpy(packed, &header, sizeof header);
}

/// Throws where the instructions in use now have other vectors.
inline PackedHeader read_header(const std::byte* packed, Index lanes) {
  PackedHeader header{};
  std::memcpy(&header, packed, sizeof header);
  if (header.lanes != lanes) {
    throw_invalid("the weight was packed for other vector instructions than those in use now");
  }
  return header;
}

}  // namespace conv2d

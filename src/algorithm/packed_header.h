// What stands before packed weights: for which vectors they were packed, and what is known of them.
#pragma once

#include "algorithm/vector_types.h"
#include "base/error.h"

#include <cstddef>
#include <cstring>

namespace conv2d {

struct PackedHeader {
  Index lanes;
  bool finite;
};

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

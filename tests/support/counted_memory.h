// How much memory code holds at once: every new and delete of the program is counted. A test
// program that asks has counted_memory.cc among its sources.
#pragma once

#include <cstddef>

namespace conv2d::testing {

/// Bytes that are held, and the most since forget().
struct HeldBytes {
  std::size_t now;
  std::size_t most;
};

/// Of all memory.
HeldBytes held_bytes() noexcept;
/// Of memory that was asked for by its alignment, which scratch memory is.
HeldBytes held_aligned_bytes() noexcept;

/// The most is what is held now. No other thread may allocate meanwhile.
void forget_most_held() noexcept;

}  // namespace conv2d::testing

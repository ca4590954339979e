// How large the data caches are, whatever the operating system says of them.
#pragma once

#include <cstddef>

namespace conv2d::simd {

struct Caches {
  std::size_t l1;
  std::size_t l2;
  std::size_t l3;
};

/// What to believe of three answers in bytes. One that is no size, 0 and -1 where nobody knows,
/// becomes a usual one: 32 KiB, 512 KiB, 4 MiB. A cache is never taken for smaller than the one
/// before it: so a processor without a third has a "third" as large as its second.
Caches plausible_caches(long l1, long l2, long l3) noexcept;

/// Of this machine. Asked once: in a virtual machine every question of this kind may trap, and take
/// longer than a small convolution.
const Caches& caches() noexcept;

}  // namespace conv2d::simd

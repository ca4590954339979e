// What vectors of 64 bytes cost beside halves of them.
#pragma once

namespace conv2d::simd {

/// Whether two multiply-adds of 64 bytes take two cycles, as on Zen 4, and halves one: elsewhere a
/// half takes as long as a whole vector.
inline bool takes_wide_vectors_in_halves() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_is("amdfam19h") != 0;
#else
  return false;
#endif
}

}  // namespace conv2d::simd

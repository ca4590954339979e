// Stores past the caches: of lines that are written whole and not read again soon. Else each line
// would be read from memory before it is written, and drive others out of the caches.
#pragma once

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace conv2d::simd {

/// What was stored past the caches is seen by other threads before anything that is stored later.
inline void flush_streams() noexcept {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

}  // namespace conv2d::simd

// Stores past the caches: of lines that are written whole and not read again soon. Else each line
// would be read from memory before it is written, and drive others out of the caches.
#pragma once

#include <hwy/cache_control.h>

namespace conv2d::simd {

/// What was stored past the caches is seen by other threads before anything that is stored later.
inline void flush_streams() noexcept { hwy::FlushStream(); }

}  // namespace conv2d::simd

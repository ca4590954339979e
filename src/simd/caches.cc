#include "simd/caches.h"

#include <unistd.h>

#include <algorithm>

namespace conv2d::simd {
namespace {

Caches ask_system() noexcept {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  return plausible_caches(sysconf(_SC_LEVEL1_DCACHE_SIZE), sysconf(_SC_LEVEL2_CACHE_SIZE),
                          sysconf(_SC_LEVEL3_CACHE_SIZE));
#else
  return plausible_caches(0, 0, 0);
#endif
}

}  // namespace

Caches plausible_caches(long l1, long l2, long l3) noexcept {
  constexpr std::size_t kib = 1024;
  const auto size = [](long bytes, std::size_t otherwise) {
    return bytes >= static_cast<long>(kib) ? static_cast<std::size_t>(bytes) : otherwise;
  };
  Caches found{};
  found.l1 = size(l1, 32 * kib);
  found.l2 = std::max(found.l1, size(l2, 512 * kib));
  found.l3 = std::max(found.l2, size(l3, 4096 * kib));
  return found;
}

const Caches& caches() noexcept {
  static const Caches found = ask_system();
  return found;
}

}  // namespace conv2d::simd

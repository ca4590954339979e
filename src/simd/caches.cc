#include "simd/caches.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

namespace conv2d::simd {
namespace {

std::string first_word(const std::string& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

/// Of the first processor's cache of that level for data, as Linux lists it; 0 where it does not.
long listed_bytes(const std::string& level) {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index";
  for (const char index : {'0', '1', '2', '3', '4'}) {
    const std::string cache = folder + index;
    if (first_word(cache + "/level") == level && first_word(cache + "/type") != "Instruction") {
      constexpr long kib = 1024;  // "32768K"
      return std::strtol(first_word(cache + "/size").c_str(), nullptr, 10) * kib;
    }
  }
  return 0;
}

/// The C library, which counts the last caches of all cores together on some processors, is asked
/// only for what is not listed: its questions are those that trap.
long bytes_of([[maybe_unused]] int question, const char* level) {
  const long listed = listed_bytes(level);
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  return listed > 0 ? listed : sysconf(question);
#else
  return listed;
#endif
}

Caches ask_system() {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  constexpr int questions[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                               _SC_LEVEL3_CACHE_SIZE};
#else
  constexpr int questions[3] = {};
#endif
  return plausible_caches(bytes_of(questions[0], "1"), bytes_of(questions[1], "2"),
                          bytes_of(questions[2], "3"));
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

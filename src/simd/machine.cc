// What the processor says of itself, and what it does when it is asked.
#include "conv2d/machine.h"

#include "base/error.h"
#include "simd/dispatch.h"
#include "simd/peak.h"
#include "tensor/parallel.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace conv2d {
namespace {

std::size_t cache_bytes(int name, std::size_t otherwise) noexcept {
  const long bytes = sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

Machine ask() noexcept {
  constexpr std::size_t kib = 1024;
  Machine found;
  found.instructions = simd::instructions_in_use();
  found.vector_bytes = simd::peak().vector_bytes;
  found.fused_multiply_add = simd::peak().fused;
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  found.l1_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 * kib);
  found.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 512 * kib);
  found.l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 4096 * kib);
#else
  found.l1_bytes = 32 * kib;
  found.l2_bytes = 512 * kib;
  found.l3_bytes = 4096 * kib;
#endif
  return found;
}

/// The best rate of `work`, which returns how much it did, over runs that take `seconds` in all.
template <class Work>
double best_rate(double seconds, const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto elapsed = [](Clock::time_point since) {
    return std::chrono::duration<double>(Clock::now() - since).count();
  };
  const Clock::time_point start = Clock::now();
  double best = 0;
  do {
    const Clock::time_point begin = Clock::now();
    const double done = work();
    best = std::max(best, done / std::max(elapsed(begin), 1e-9));
  } while (elapsed(start) < seconds);
  return best;
}

void require_threads(int threads) {
  if (threads < 1 || threads > 1024) {
    throw_invalid(concat("the number of threads must be from 1 to 1024, but got ", threads));
  }
}

}  // namespace

Machine machine() noexcept { return ask(); }

double measure_peak_flops(int threads, double seconds) {
  require_threads(threads);
  constexpr std::int64_t steps = 1'000'000;
  std::vector<float> kept(static_cast<std::size_t>(threads));
  return best_rate(seconds, [&] {
    run_on_threads(threads, [&](int t) {
      kept[static_cast<std::size_t>(t)] = simd::peak().multiply_add(steps);
    });
    return static_cast<double>(steps) * simd::peak().flops_per_step * threads;
  });
}

double measure_read_bandwidth(int threads, double seconds) {
  require_threads(threads);
  const std::size_t bytes =
      std::clamp(machine().l3_bytes * 4, std::size_t{1} << 28U, std::size_t{1} << 29U);
  const std::size_t floats = bytes / sizeof(float);
  const std::vector<float> memory(floats, 1.0F);
  std::vector<float> kept(static_cast<std::size_t>(threads));
  return best_rate(seconds, [&] {
    run_on_threads(threads, [&](int t) {
      const auto at = static_cast<std::size_t>(t);
      const std::size_t each = floats / static_cast<std::size_t>(threads);
      kept[at] = simd::peak().add_all(memory.data() + at * each, each);
    });
    return static_cast<double>(floats * sizeof(float));
  });
}

}  // namespace conv2d

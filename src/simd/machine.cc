// What the processor says of itself, and what it does when it is asked.
#include "conv2d/machine.h"

#include "base/error.h"
#include "simd/caches.h"
#include "simd/dispatch.h"
#include "simd/halves.h"
#include "simd/peak.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace conv2d {
namespace {

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

/// Bytes a second that the threads read together from so many, over and over again.
double read_rate(int threads, std::size_t bytes, double seconds) {
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

}  // namespace

Machine machine() noexcept {
  const simd::Caches& caches = simd::caches();
  return {
      .instructions = simd::instructions_in_use(),
      .vector_bytes = simd::peak().vector_bytes,
      .fused_multiply_add = simd::peak().fused,
      .l1_bytes = caches.l1,
      .l2_bytes = caches.l2,
      .l3_bytes = caches.l3,
  };
}

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
      std::clamp(machine().l3_bytes * 4, std::size_t{1} << 26U, std::size_t{1} << 29U);
  return read_rate(threads, bytes, seconds);
}

Rates estimate_rates(int threads) {
  require_threads(threads);
  const Machine found = machine();
  constexpr double clock = 3e9;
  const int bytes =
      simd::takes_wide_vectors_in_halves() ? std::min(found.vector_bytes, 32) : found.vector_bytes;
  // Without fused multiply-add the two that begin in a cycle are a product and a sum.
  const double flops_each = found.fused_multiply_add ? 2 : 1;
  const double flops = 2 * flops_each * bytes / 4 * clock;
  // One core cannot ask for more than a part of what memory can give; two ask for nearly all.
  constexpr double memory_of_one = 20e9;
  constexpr double cache_of_one = 60e9;
  return {.flops = flops * threads,
          .memory_bytes = memory_of_one * std::min(threads, 2),
          .cache_bytes = cache_of_one * threads,
          .measured = false};
}

Rates measure_rates(int threads, double seconds) {
  require_threads(threads);
  const Machine found = machine();
  // More than the caches before the last one hold, and well within the last.
  const std::size_t cached =
      std::max(found.l3_bytes / 4, static_cast<std::size_t>(threads) * found.l2_bytes / 2);
  return {.flops = measure_peak_flops(threads, seconds),
          .memory_bytes = measure_read_bandwidth(threads, seconds),
          .cache_bytes = read_rate(threads, cached, seconds),
          .measured = true};
}

}  // namespace conv2d

// One interface, three ways to run it: OpenMP; std::thread, whose every synchronisation
// ThreadSanitizer sees (it does not see into GCC's OpenMP runtime); or the caller's thread alone.
#include "tensor/parallel.h"

#include "base/error.h"
#include "conv2d/threads.h"

#include <algorithm>
#include <atomic>
#include <cfenv>

#if defined(CONV2D_THREADS_OPENMP)
#include <omp.h>
#elif defined(CONV2D_THREADS_STD)
#include <thread>
#include <vector>
#endif

namespace conv2d {
namespace {

// More would not be refused by the operating system with an error that a caller can catch: the
// OpenMP runtime ends the program where it cannot start a thread.
constexpr int most_threads = 1024;

int default_threads() noexcept {
#if defined(CONV2D_THREADS_OPENMP)
  return std::clamp(omp_get_max_threads(), 1, most_threads);
#elif defined(CONV2D_THREADS_STD)
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_threads);
#else
  return 1;
#endif
}

std::atomic<int>& thread_count() noexcept {
  static std::atomic<int> count = default_threads();
  return count;
}

/// What FewerThreads allows a thread.
thread_local int most_here = most_threads;

#if defined(CONV2D_THREADS_OPENMP)
/// How a thread rounds and whether tiny numbers count for it, taken over from another one: threads
/// that are kept for later have what their maker had when they were made. On x86-64 vectors'
/// control register says it: to save and to set the old unit's too would take a tenth of a
/// microsecond each.
class FloatingPoint {
 public:
#if defined(__x86_64__)
  FloatingPoint() noexcept : state_(__builtin_ia32_stmxcsr()) {}
  void use() const noexcept { __builtin_ia32_ldmxcsr(state_); }

 private:
  unsigned state_;
#else
  FloatingPoint() noexcept { std::fegetenv(&state_); }
  void use() const noexcept { std::fesetenv(&state_); }

 private:
  std::fenv_t state_;
#endif
};
#endif

}  // namespace

int num_threads() noexcept {
  return std::min(thread_count().load(std::memory_order_relaxed), most_here);
}

FewerThreads::FewerThreads(int most) noexcept : before_(most_here) {
  most_here = std::min(most, before_);
}

FewerThreads::~FewerThreads() { most_here = before_; }

void set_num_threads(int threads) {
  if (threads < 1 || threads > most_threads) {
    throw_invalid(
        concat("the number of threads must be from 1 to ", most_threads, ", but got ", threads));
  }
  thread_count().store(threads, std::memory_order_relaxed);
}

void run_on_threads(int threads, void (*body)(void* context, int t), void* context) {
  if (threads <= 1) {
    if (threads == 1) {
      body(context, 0);
    }
    return;
  }
#if defined(CONV2D_THREADS_OPENMP)
  const FloatingPoint callers;
#pragma omp parallel for schedule(static, 1) num_threads(threads)
  for (int t = 0; t < threads; ++t) {
    const FloatingPoint before;
    callers.use();
    body(context, t);
    before.use();
  }
#elif defined(CONV2D_THREADS_STD)
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) {
    others.emplace_back(body, context, t);
  }
  body(context, 0);
  for (std::thread& other : others) {
    other.join();
  }
#else
  for (int t = 0; t < threads; ++t) {
    body(context, t);
  }
#endif
}

void parallel_for(std::int64_t count, ParallelBody body, void* context) {
  if (count <= 0) {
    return;
  }
  const auto threads = static_cast<int>(std::min<std::int64_t>(num_threads(), count));
  // Range t of `threads`, the first ones an element longer; written so that nothing overflows.
  run_on_threads(threads, [=](int t) {
    const std::int64_t length = count / threads;
    const std::int64_t longer = count % threads;
    const std::int64_t begin = t * length + std::min<std::int64_t>(t, longer);
    body(context, begin, begin + length + (t < longer ? 1 : 0));
  });
}

}  // namespace conv2d

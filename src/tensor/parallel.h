// Loops over several cores.
#pragma once

#include <cstdint>
#include <type_traits>

namespace conv2d {

/// While it lives, num_threads() says no more than `most` to the thread that made it, and no more
/// than it said before.
class FewerThreads {
 public:
  explicit FewerThreads(int most) noexcept;
  ~FewerThreads();
  FewerThreads(const FewerThreads&) = delete;
  FewerThreads& operator=(const FewerThreads&) = delete;

 private:
  int before_;
};

using ParallelBody = void (*)(void* context, std::int64_t begin, std::int64_t end);

/// Splits 0..count into one contiguous range a thread and calls body(begin, end) for each that is
/// not empty; returns when all are done. The body must not throw, and what it computes for an
/// index must not depend on the range it came in: then no number of threads changes a result.
void parallel_for(std::int64_t count, ParallelBody body, void* context);

/// Calls body(t) for every t < threads, each on a thread of its own; returns when all are done. The
/// body must not throw.
void run_on_threads(int threads, void (*body)(void* context, int t), void* context);

template <class Body>
void run_on_threads(int threads, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  run_on_threads(
      threads, [](void* context, int t) { (*static_cast<Plain*>(context))(t); }, &body);
}

template <class Body>
void parallel_for(std::int64_t count, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  parallel_for(
      count,
      [](void* context, std::int64_t begin, std::int64_t end) {
        (*static_cast<Plain*>(context))(begin, end);
      },
      &body);
}

}  // namespace conv2d

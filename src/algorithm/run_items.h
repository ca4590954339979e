// The items of a run, shared between threads.
#pragma once

#include "algorithm/scratch_memory.h"
#include "algorithm/vector_types.h"
#include "conv2d/threads.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

namespace conv2d {

/// How many threads so many items are for.
inline int threads_for(Index items) noexcept {
  return static_cast<int>(std::min<Index>(num_threads(), items));
}

/// Multiply-adds of a thread in a microsecond, roughly: half as fast as fast ones.
inline constexpr Index multiply_adds_in_us = 50'000;

/// Whether a thread's share takes about a tenth of a millisecond or more: it may be held up
/// meanwhile, and is to have several items, of which others can take some.
inline bool takes_long(const Problem& problem) noexcept {
  return problem.multiply_adds() > 100 * multiply_adds_in_us * num_threads();
}

/// A thread's items that nobody has begun.
struct alignas(64) ItemRange {
  std::atomic<Index> next;
  Index end;
};

/// worker.compute(item) for each of the items. A thread has a contiguous range of them, and when it
/// is done helps others with theirs: processors need not be equally fast, nor items equally long.
/// Workers come from make_worker(thread) and take all the memory that they need there: nothing may
/// throw on a thread.
template <class MakeWorker>
void run_items(Index items, MakeWorker&& make_worker) {
  const int threads = threads_for(items);
  if (threads == 1) {
    auto worker = make_worker(0);
    for (Index item = 0; item < items; ++item) {
      worker.compute(item);
    }
    return;
  }
  std::vector<decltype(make_worker(0))> workers;
  workers.reserve(at(threads));
  for (int t = 0; t < threads; ++t) {
    workers.push_back(make_worker(t));
  }
  ScratchVector<ItemRange> ranges(at(threads));
  for (int t = 0; t < threads; ++t) {
    ranges[at(t)].next.store(items * t / threads, std::memory_order_relaxed);
    ranges[at(t)].end = items * (t + 1) / threads;
  }
  run_on_threads(threads, [&](int t) {
    for (int other = 0; other < threads; ++other) {
      ItemRange& range = ranges[at((t + other) % threads)];
      for (Index item = 0;
           (item = range.next.fetch_add(1, std::memory_order_relaxed)) < range.end;) {
        workers[at(t)].compute(item);
      }
    }
  });
  // In this order each thread gets its own memory again in the next run: its caches hold it.
  while (!workers.empty()) {
    workers.pop_back();
  }
}

/// Into how many strips the rows of each image are cut, where a strip of all images makes so many
/// items: the next number from `fewest` on of which each thread gets as many items as others, if
/// `most` allows it.
inline Index even_strips(Index items_of_strip, Index fewest, Index most) noexcept {
  const auto threads = static_cast<Index>(num_threads());
  const Index together = threads / std::gcd(threads, items_of_strip);
  const Index even = divide_up(fewest, together) * together;
  return even <= most ? even : fewest;
}

}  // namespace conv2d

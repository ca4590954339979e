// The items of a run, shared between threads.
#pragma once

#include "algorithm/vector_types.h"
#include "conv2d/threads.h"
#include "tensor/parallel.h"

#include <algorithm>
#include <vector>

namespace conv2d {

/// How many threads so many items are for.
inline int threads_for(Index items) noexcept {
  return static_cast<int>(std::min<Index>(num_threads(), items));
}

/// worker.compute(item) for each of the items, in one contiguous range a thread. Workers come from
/// make_worker(thread) and take all the memory that they need there: nothing may throw on a thread.
template <class MakeWorker>
void run_items(Index items, MakeWorker&& make_worker) {
  const int threads = threads_for(items);
  std::vector<decltype(make_worker(0))> workers;
  workers.reserve(at(threads));
  for (int t = 0; t < threads; ++t) {
    workers.push_back(make_worker(t));
  }
  run_on_threads(threads, [&](int t) {
    for (Index item = items * t / threads; item < items * (t + 1) / threads; ++item) {
      workers[at(t)].compute(item);
    }
  });
}

}  // namespace conv2d

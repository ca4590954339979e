// Items shared between threads: each is computed once, and a thread that is done helps another.
#include "algorithm/run_items.h"

#include "support/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace conv2d {
namespace {

struct CountingWorker {
  std::vector<std::atomic<int>>& computed;
  void compute(Index item) const { ++computed[at(item)]; }
};

TEST(RunItems, EachIsComputedOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    const testing::Threads scope(threads);
    for (const Index items : {0, 1, 2, 3, 10, 1000}) {
      std::vector<std::atomic<int>> computed(at(items));
      run_items(items, [&](int) { return CountingWorker{computed}; });
      for (const auto& times : computed) {
        EXPECT_EQ(times, 1) << threads << " threads, " << items;
      }
    }
  }
}

/// Stays with the first item until all others are computed, or for two seconds.
struct SlowWorker {
  std::atomic<Index>& others;
  Index all;
  void compute(Index item) const {
    if (item != 0) {
      ++others;
      return;
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (others < all && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    found = others;
  }
  Index& found;  ///< how many were computed then
};

TEST(RunItems, OfASlowThreadAreComputedByAnother) {
  const testing::Threads scope(2);
  std::atomic<Index> others = 0;
  Index found = 0;
  run_items(10, [&](int) { return SlowWorker{others, 9, found}; });
  if (found == 0) {
    GTEST_SKIP() << "threads run one after the other here";
  }
  EXPECT_EQ(found, 9);
}

TEST(EvenStrips, GiveEachThreadAsManyItems) {
  const testing::Threads scope(4);
  EXPECT_EQ(even_strips(1, 13, 100), 16);
  EXPECT_EQ(even_strips(2, 5, 100), 6);
  EXPECT_EQ(even_strips(3 * 4, 5, 100), 5);
  EXPECT_EQ(even_strips(2, 3, 100), 4);
}

TEST(EvenStrips, AreNoMoreThanThereMayBe) {
  const testing::Threads scope(4);
  EXPECT_EQ(even_strips(1, 13, 15), 13);
}

}  // namespace
}  // namespace conv2d

// Loops over several cores: every index once, whatever the number of threads.
#include "tensor/parallel.h"

#include <conv2d/threads.h>

#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace conv2d {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 7, 64}) {
    const testing::Threads scope(threads);
    for (const std::int64_t count : {0, 1, 2, 3, 6, 7, 8, 100}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          ++visits[static_cast<std::size_t>(i)];
        }
      });
      for (const auto& times : visits) {
        EXPECT_EQ(times, 1) << threads << " threads, " << count;
      }
    }
  }
}

TEST(ParallelFor, NoRangeIsEmptyAndNoneIsTwiceAsLongAsAnother) {
  const testing::Threads scope(7);
  std::atomic<std::int64_t> shortest = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::int64_t> longest = 0;
  std::atomic<int> ranges = 0;
  parallel_for(100, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t length = end - begin;
    for (auto seen = shortest.load();
         length < seen && !shortest.compare_exchange_weak(seen, length); seen = shortest.load()) {
    }
    for (auto seen = longest.load(); length > seen && !longest.compare_exchange_weak(seen, length);
         seen = longest.load()) {
    }
    ++ranges;
  });
  EXPECT_EQ(shortest, 14);
  EXPECT_EQ(longest, 15);
  EXPECT_EQ(ranges, 7);
}

TEST(ParallelFor, TheLargestCountIsSplitWithoutOverflow) {
  const testing::Threads scope(3);
  std::atomic<std::uint64_t> total = 0;
  parallel_for(std::numeric_limits<std::int64_t>::max(), [&](std::int64_t begin, std::int64_t end) {
    total += static_cast<std::uint64_t>(end - begin);
  });
  EXPECT_EQ(total, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

TEST(ParallelFor, ANegativeCountDoesNothing) {
  parallel_for(-3, [](std::int64_t, std::int64_t) { FAIL(); });
}

TEST(Threads, WhatCannotBeStartedIsRefusedAndNothingChanges) {
  const testing::Threads scope(5);
  const std::string allowed = "the number of threads must be from 1 to 1024, but got ";
  for (const int threads : {0, -4, 1025, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(testing::error_of([&] { set_num_threads(threads); }),
              allowed + std::to_string(threads));
  }
  EXPECT_EQ(num_threads(), 5);
}

TEST(Threads, AreFewerForOneThreadAndForAWhile) {
  const testing::Threads scope(5);
  {
    const FewerThreads three(3);
    EXPECT_EQ(num_threads(), 3);
    const FewerThreads four(4);
    EXPECT_EQ(num_threads(), 3);
    int elsewhere = 0;
    std::thread([&] { elsewhere = num_threads(); }).join();
    EXPECT_EQ(elsewhere, 5);
  }
  EXPECT_EQ(num_threads(), 5);
}

TEST(Threads, TheMostThatAreAllowedDoStart) {
  const testing::Threads scope(1024);
  std::atomic<std::int64_t> total = 0;
  parallel_for(1'000'000, [&](std::int64_t begin, std::int64_t end) { total += end - begin; });
  EXPECT_EQ(total, 1'000'000);
}

/// How this thread's sums are rounded.
int direction_of_sums() {
  const volatile double one = 1;
  const volatile double tiny = 1e-30;
  if (one + tiny > one) {
    return FE_UPWARD;
  }
  return one - tiny < one ? FE_DOWNWARD : FE_TONEAREST;
}

/// Whether all of them do, on threads that earlier runs have left.
bool threads_round(int direction) {
  std::atomic<int> agree = 0;
  run_on_threads(4, [&](int) { agree += direction_of_sums() == direction ? 1 : 0; });
  return agree == 4;
}

TEST(Parallel, ThreadsRoundAsTheirCallerDoes) {
  const int before = std::fegetround();
  for (const int direction : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TONEAREST}) {
    std::fesetround(direction);
    EXPECT_TRUE(threads_round(direction)) << direction;
    EXPECT_EQ(std::fegetround(), direction);
    EXPECT_EQ(direction_of_sums(), direction);
  }
  std::fesetround(before);
}

}  // namespace
}  // namespace conv2d

// Scratch memory that a run leaves is what the next run takes.
#include "algorithm/scratch_memory.h"
#include "algorithm/buffer.h"
#include "algorithm/run_items.h"

#include "support/threads.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace conv2d {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// Whether this build keeps any: one with an address sanitizer does not.
bool keeps_memory() {
  give_scratch(take_scratch(mebibyte), mebibyte);
  return kept_scratch() > 0;
}

TEST(ScratchMemory, BeginsWhereALineDoes) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, least_kept_scratch - 1, least_kept_scratch,
        std::size_t{4095}, std::size_t{4096}, std::size_t{100'001}, 3 * mebibyte}) {
    for (int again = 0; again < 2; ++again) {
      void* const memory = take_scratch(bytes);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0U) << bytes;
      if (bytes > 0) {
        std::memset(memory, again, bytes);
      }
      give_scratch(memory, bytes);
    }
  }
}

TEST(ScratchMemory, OfNothingIsNone) {
  void* const memory = take_scratch(0);
  EXPECT_EQ(memory, nullptr);
  give_scratch(memory, 0);
}

TEST(ScratchMemory, ComesAgainForAboutTheSameSize) {
  if (!keeps_memory()) {
    GTEST_SKIP() << "memory is not kept in this build";
  }
  void* const first = take_scratch(200'000);
  give_scratch(first, 200'000);
  void* const second = take_scratch(199'000);
  EXPECT_EQ(second, first);
  give_scratch(second, 199'000);
}

TEST(ScratchMemory, IsNobodyElsesMeanwhile) {
  std::vector<void*> taken;
  for (int i = 0; i < 400; ++i) {  // more than are kept
    taken.push_back(take_scratch(5000));
    std::memset(taken.back(), i, 5000);
  }
  for (int i = 0; i < 400; ++i) {
    const auto* const bytes = static_cast<const unsigned char*>(taken[at(i)]);
    EXPECT_EQ(bytes[0], i % 256);
    EXPECT_EQ(bytes[4999], i % 256);
  }
  for (void* const memory : taken) {
    give_scratch(memory, 5000);
  }
}

TEST(ScratchMemory, IsKeptUpToALimit) {
  std::vector<void*> taken;
  for (int i = 0; i < 48; ++i) {
    taken.push_back(take_scratch(mebibyte));
  }
  for (void* const memory : taken) {
    give_scratch(memory, mebibyte);
    EXPECT_LE(kept_scratch(), most_kept_scratch);
  }
  give_scratch(take_scratch(2 * most_kept_scratch), 2 * most_kept_scratch);
  EXPECT_LE(kept_scratch(), most_kept_scratch);
}

TEST(ScratchMemory, IsSharedByThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (std::size_t i = 0; i < 2000; ++i) {
        const std::size_t bytes = 4096 + i % 7 * 3000;
        auto* const memory = static_cast<unsigned char*>(take_scratch(bytes));
        std::memset(memory, t, bytes);
        ASSERT_EQ(memory[bytes / 2], t);
        give_scratch(memory, bytes);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

/// Where each thread's buffers were in a run.
using Places = std::vector<std::pair<const float*, const float*>>;

class Worker {
 public:
  explicit Worker(std::pair<const float*, const float*>& place) : first_(50'000), second_(50'000) {
    place = {first_.data(), second_.data()};
  }
  void compute(Index item) { first_.data()[item] = 1; }

 private:
  Buffer<float> first_;
  Buffer<float> second_;
};

Places places_of_a_run() {
  Places places(at(num_threads()));
  run_items(16, [&](int t) { return Worker(places[at(t)]); });
  return places;
}

TEST(ScratchMemory, EachThreadGetsItsOwnAgain) {
  if (!keeps_memory()) {
    GTEST_SKIP() << "memory is not kept in this build";
  }
  const testing::Threads threads(2);
  EXPECT_EQ(places_of_a_run(), places_of_a_run());
}

}  // namespace
}  // namespace conv2d

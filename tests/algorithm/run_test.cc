// A problem is for as many threads as it is worth.
#include "algorithm/run.h"

#include "support/random.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace conv2d {
namespace {

using testing::Random;
using testing::same_bits;
using testing::Threads;

/// As programs have it, unlike tests.
class AsInPrograms {
 public:
  AsInPrograms() { share_small_problems(false); }
  ~AsInPrograms() { share_small_problems(true); }
  AsInPrograms(const AsInPrograms&) = delete;
  AsInPrograms& operator=(const AsInPrograms&) = delete;
};

Plan plan_of(std::int64_t channels, std::int64_t side) {
  return Plan::conv2d({1, channels, side, side}, {channels, channels, 3, 3}, false, DType::float32,
                      {.padding = 1, .precision = Precision::exact});
}

std::size_t memory(const Plan& plan, int threads) {
  const Threads scope(threads);
  return plan.workspace_bytes();
}

TEST(Run, TakesOneThreadForWhatTakesSomeMicroseconds) {
  const Plan small = plan_of(16, 8);
  const AsInPrograms scope;
  EXPECT_EQ(memory(small, 8), memory(small, 1));
}

TEST(Run, TakesAllThreadsForMuchWork) {
  const Plan large = plan_of(64, 56);
  const std::size_t all = memory(large, 8);
  EXPECT_GT(all, memory(large, 1));
  const AsInPrograms scope;
  EXPECT_EQ(memory(large, 8), all);
}

TEST(Run, TakesSomeThreadsForSomeWork) {
  const Plan some = plan_of(32, 8);  // some 600,000 multiply-adds
  const AsInPrograms scope;
  EXPECT_NE(memory(some, 64), memory(some, 1));
  EXPECT_EQ(memory(some, 64), memory(some, 32));
}

TEST(Run, GivesTheSameBitsForAnyNumberOfThem) {
  Random random;
  for (const std::int64_t side : {3, 8, 40}) {
    const Plan plan = plan_of(32, side);
    const Tensor x = random.values(plan.input_sizes(), DType::float32);
    const Tensor w = random.values(plan.weight_sizes(), DType::float32);
    Tensor all(plan.output_sizes());
    Tensor some(plan.output_sizes());
    const Threads scope(8);
    plan.run(x, w, std::nullopt, all);
    const AsInPrograms programs;
    plan.run(x, w, std::nullopt, some);
    EXPECT_TRUE(same_bits(some, all));
  }
}

}  // namespace
}  // namespace conv2d

// What the direct algorithm refuses; its numbers are tested with the other exact ones.
#include <conv2d/plan.h>

#include "algorithm/algorithm.h"
#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/reference.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <string_view>

namespace conv2d {

extern const Algorithm direct_algorithm;

namespace {

using testing::Configuration;

TEST(Direct, RefusesAWeightPackedForOtherInstructions) {
  const auto sets = simd::instruction_sets();
  if (sets.size() < 2) {
    GTEST_SKIP() << "only " << sets.front();
  }
  const Tensor x({1, 8, 6, 6});
  const Plan plan = Plan::conv2d(x.sizes(), {16, 8, 3, 3}, false, DType::float32, {},
                                 MemoryFormat::channels_last);
  ASSERT_EQ(plan.algorithm(), "direct");
  Tensor y(plan.output_sizes());
  const PackedWeight packed = plan.pack(Tensor({16, 8, 3, 3}));
  const testing::Instructions scope(sets.back());
  EXPECT_TRUE(testing::refused([&] { plan.run(x, packed, std::nullopt, y); },
                               "packed for other vector instructions"));
}

TEST(Direct, RefusesFewOutputsInAGroup) {
  const Configuration c{
      .input = {1, 3, 4, 3}, .weight = {9, 3, 2, 2}, .output = {1, 9, 3, 2}, .arguments = {}};
  Problem problem = testing::problem_of(c, {DType::float32, DType::float32, DType::float32});
  EXPECT_FALSE(direct_algorithm.refuses(problem));
  problem.out_channels = 7;
  EXPECT_NE(direct_algorithm.refuses(problem)->find("fewer than 8"), std::string_view::npos);
}

}  // namespace
}  // namespace conv2d

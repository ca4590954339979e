// Groups whose outputs share a vector: how their channels take turns in it, how layers are cut, and
// what only layers that are cut show.
#include "algorithm/joined_groups_cut.h"

#include "algorithm/tall_layer.h"
#include "simd/dispatch.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <conv2d/machine.h>
#include <conv2d/plan.h>
#include <conv2d/threads.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace conv2d {

namespace {

using joined_groups::Cut;
using joined_groups::Joint;
using testing::Instructions;
using testing::Random;
using testing::same_bits;
using testing::TallLayer;
using testing::Threads;

struct GroupsOf {
  std::int64_t groups, inputs, outputs;

  Problem problem(MemoryFormat format = MemoryFormat::channels_last, Pair map = {28, 28},
                  std::int64_t kernel = 3) const {
    Problem problem = conv2d_problem({1, groups * inputs, map.h, map.w},
                                     {groups * outputs, inputs, kernel, kernel}, true, {},
                                     {.padding = kernel / 2, .groups = groups})
                          .value();
    problem.format = format;
    return problem;
  }
  std::string_view algorithm(MemoryFormat format, Pair map = {28, 28},
                             std::int64_t kernel = 3) const {
    return Plan::conv2d({1, groups * inputs, map.h, map.w},
                        {groups * outputs, inputs, kernel, kernel}, true, DType::float32,
                        {.padding = kernel / 2, .groups = groups}, format)
        .algorithm();
  }
};

const std::vector<GroupsOf> all_groups = {{2, 1, 2}, {3, 2, 2}, {5, 4, 4},  {8, 8, 8},
                                          {9, 3, 5}, {7, 8, 1}, {17, 2, 4}, {1, 8, 8}};

/// Every output is a lane of one joint, and no lane is two outputs.
TEST(JoinedGroups, HaveAPlaceForEachOutput) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions instructions(name);
    for (const GroupsOf& groups : all_groups) {
      const Problem problem = groups.problem();
      const Joint<float> joint(problem);
      const std::vector<std::int32_t> lane_of = joint.order_of_outputs();
      std::vector<int> found(static_cast<std::size_t>(problem.out_channels), 0);
      for (Index j = 0; j < joint.count; ++j) {
        const auto part = joint.part(problem, j);
        for (Index k = 0; k < part.outputs; ++k) {
          EXPECT_EQ(joint.output_of(lane_of[at(k)]), k);
          ++found[at(part.first_output + k)];
        }
      }
      EXPECT_EQ(found, std::vector<int>(found.size(), 1)) << groups.groups << " groups, " << name;
    }
  }
}

/// So that a block of elements is repeated over all lanes.
TEST(JoinedGroups, TakeTurnsInAVector) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions instructions(name);
    for (const GroupsOf& groups : all_groups) {
      const Joint<float> joint(groups.problem());
      const std::vector<std::int32_t> channel_of = joint.order_of_inputs();
      for (Index lane = 0; lane < std::min(joint.lanes, joint.block * joint.inputs); ++lane) {
        const Index output = joint.output_of(lane);
        const Index channel = channel_of[at(lane)];
        if (joint.block > 1 && output != nowhere) {
          EXPECT_EQ(output / joint.outputs, lane % joint.block);
          EXPECT_EQ(channel / joint.inputs, lane % joint.block);
          EXPECT_EQ(channel % joint.inputs, lane / joint.block);
        }
      }
    }
  }
}

TEST(JoinedGroups, GoThroughAllRowsWhereL2HoldsThem) {
  const Threads scope(1);
  const Cut<float> cut(TallLayer{32, 4, 3}.problem(20), true);
  EXPECT_EQ(cut.strips, 1);
  EXPECT_FALSE(cut.looks_ahead);
}

TEST(JoinedGroups, GoThroughFewRowsWhereItDoesNot) {
  const Threads scope(1);
  const TallLayer layer{32, 8, 3};
  const Problem problem = layer.problem(layer.input()[2]);
  const Cut<float> cut(problem, true);
  const auto l2 = static_cast<Index>(simd::caches().l2);
  const Index row_bytes = layer.channels * layer.width * static_cast<Index>(sizeof(float));
  EXPECT_LE((cut.rows + 2) * row_bytes, l2 / 8);
  EXPECT_GT((cut.rows + 4) * row_bytes, l2 / 16);
  EXPECT_TRUE(cut.looks_ahead);
  EXPECT_EQ(Cut<float>(problem, false).strips, 1) << "planes of other groups are elsewhere";
}

const std::vector<TallLayer> tall_groups = {
    {36, 4, 3}, {32, 8, 3, 2}, {32, 4, 3, 1, 2}, {32, 2, 5, 2, 1, PaddingMode::reflect}};

TEST(JoinedGroups, OfTallTensorsAreTheReferenceAndReadNothingElse) {
  Random random;
  const Threads scope(1);
  for (const TallLayer& layer : tall_groups) {
    const Tensor x = testing::guarded(
        random.values(layer.input(), DType::float32, MemoryFormat::channels_last), true);
    layer.expect_reference("joined_groups", x, random);
  }
}

/// As those of a part of a larger tensor.
TEST(JoinedGroups, OfRowsWithGapsAreTheReference) {
  Random random;
  const Threads scope(1);
  const TallLayer layer{32, 4, 3};
  const Tensor larger = random.values({1, layer.channels, layer.input()[2], layer.width + 5},
                                      DType::float32, MemoryFormat::channels_last);
  const TensorView whole = larger;
  layer.expect_reference("joined_groups",
                         {whole.data(), DType::float32, layer.input(), whole.strides()}, random);
}

/// A layer whose rows are so wide that L1 does not hold those of a kernel.
Plan wide_plan(PaddingMode mode, std::int64_t dilation, MemoryFormat format) {
  constexpr std::int64_t kernel = 5;
  return Plan::conv2d({2, 12, 7, 900}, {12, 4, kernel, kernel}, true, DType::float32,
                      {.padding = kernel / 2 * dilation,
                       .dilation = {1, dilation},
                       .groups = 3,
                       .padding_mode = mode},
                      format)
      .with_algorithm("joined_groups");
}

TEST(JoinedGroups, OfWideRowsAreCutIntoWindows) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions instructions(name);
    const Cut<float> cut(GroupsOf{3, 4, 4}.problem(MemoryFormat::channels_last, {7, 900}), true);
    EXPECT_GT(cut.windows, 1) << name;
    EXPECT_GE(cut.windows * cut.window, 900) << name;
  }
}

TEST(JoinedGroups, OfWideRowsAreTheReference) {
  Random random;
  const Tensor w = random.values({12, 4, 5, 5}, DType::float32);
  const Tensor bias = random.values({12}, DType::float32);
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Tensor x = random.values({2, 12, 7, 900}, DType::float32, format);
    for (const PaddingMode mode : {PaddingMode::zeros, PaddingMode::reflect, PaddingMode::replicate,
                                   PaddingMode::circular}) {
      for (const std::int64_t dilation : {1, 2}) {
        const Plan plan = wide_plan(mode, dilation, format);
        Tensor expected(plan.output_sizes(), DType::float32, format);
        plan.with_algorithm("reference").run(x, w, bias.view(), expected);
        for (const auto name : simd::instruction_sets()) {
          if (!testing::has_fused_multiply_add(name)) {
            continue;
          }
          const Instructions instructions(name);
          Tensor y(plan.output_sizes(), DType::float32, format);
          plan.run(x, w, bias.view(), y);
          EXPECT_TRUE(same_bits(y, expected))
              << name << ", padding mode " << static_cast<int>(mode) << ", dilation " << dilation;
        }
      }
    }
  }
}

/// Rows between the taps have no place then: each of the three that a kernel reads has one.
TEST(JoinedGroups, OfTapsFarApartTakeLittleMemory) {
  Random random;
  constexpr std::int64_t far = 8000;
  const Plan plan =
      Plan::conv2d({1, 6, 200, 40}, {6, 2, 3, 3}, true, DType::float32,
                   {.padding = Padding(Pair(90, far)), .dilation = {90, far}, .groups = 3})
          .with_algorithm("joined_groups");
  const std::int64_t columns = 40 + 2 * far;
  EXPECT_LT(plan.workspace_bytes(), at(num_threads() * 4 * columns * machine().vector_bytes));
  if (!machine().fused_multiply_add) {
    GTEST_SKIP() << "rounds more often than the reference does";
  }
  const Tensor x = random.values(plan.input_sizes(), DType::float32);
  const Tensor w = random.values(plan.weight_sizes(), DType::float32);
  const Tensor bias = random.values({6}, DType::float32);
  Tensor expected(plan.output_sizes());
  Tensor y(plan.output_sizes());
  plan.with_algorithm("reference").run(x, w, bias.view(), expected);
  plan.run(x, w, bias.view(), y);
  EXPECT_TRUE(same_bits(y, expected));
}

/// Of results so large that the next strip would be asked for.
TEST(JoinedGroups, WithoutChannelsAreTheBiasInEveryStrip) {
  constexpr auto last = MemoryFormat::channels_last;
  const auto rows = static_cast<std::int64_t>(machine().l2_bytes) / 1024;
  const Plan plan = Plan::conv2d({1, 0, rows, 64}, {16, 0, 3, 3}, true, DType::float32,
                                 {.padding = 1, .groups = 8}, last)
                        .with_algorithm("joined_groups");
  const Threads scope(2);
  Random random;
  const Tensor bias = random.values({16}, DType::float32);
  const Tensor x({1, 0, rows, 64}, DType::float32, last);
  const Tensor w({16, 0, 3, 3});
  Tensor y(plan.output_sizes(), DType::float32, last);
  Tensor expected(plan.output_sizes(), DType::float32, last);
  plan.run(x, w, bias.view(), y);
  plan.with_algorithm("reference").run(x, w, bias.view(), expected);
  EXPECT_TRUE(same_bits(y, expected));
}

/// Where a vector holds a group or several.
TEST(JoinedGroups, AreChosenWhereTheyFillVectors) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions instructions(name);
    const Index lanes = Joint<float>(GroupsOf{8, 2, 2}.problem()).lanes;
    constexpr auto last = MemoryFormat::channels_last;
    for (const std::int64_t channels : {2, 4, 8}) {
      const GroupsOf groups{32, channels, channels};
      const bool fit = channels <= lanes;
      EXPECT_EQ(groups.algorithm(last) == "joined_groups", fit) << channels << ", " << name;
      EXPECT_EQ(groups.algorithm(MemoryFormat::contiguous) == "joined_groups", fit) << channels;
      EXPECT_NE(groups.algorithm(MemoryFormat::contiguous, {28, 28}, 1), "joined_groups");
      EXPECT_NE(groups.algorithm(MemoryFormat::contiguous, {200, 200}), "joined_groups");
    }
    EXPECT_NE((GroupsOf{1, 4, 4}.algorithm(last)), "joined_groups");
    EXPECT_NE((GroupsOf{32, 1, 1}.algorithm(last)), "joined_groups");
  }
}

}  // namespace
}  // namespace conv2d

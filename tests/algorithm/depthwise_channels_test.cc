// Depthwise layers whose pixels lie a large part of a page apart: where caches hold few of them, or
// where loads meet stores, the input is copied or rows are computed one by one.
#include "algorithm/depthwise_channels_cut.h"
#include "tensor/layout.h"

#include "simd/dispatch.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace conv2d {

namespace {

using depthwise_channels::Cut;
using testing::Instructions;
using testing::Random;
using testing::same_bits;
using testing::Threads;

constexpr auto side_by_side = MemoryFormat::channels_last;

struct FarLayer {
  std::int64_t channels;
  std::int64_t kernel;
  std::int64_t stride = 1;

  Sizes input() const { return {2, channels, 6, 7}; }
  Sizes weight() const { return {channels, 1, kernel, kernel}; }
  functional::Conv2dArguments arguments() const {
    return {.stride = stride, .padding = kernel / 2, .groups = channels};
  }
  Plan plan() const {
    return Plan::conv2d(input(), weight(), true, DType::float32, arguments(), side_by_side)
        .with_algorithm("depthwise_channels");
  }
  Problem problem() const {
    Problem problem = conv2d_problem(input(), weight(), true, {}, arguments()).value();
    problem.format = side_by_side;
    return problem;
  }
};

const std::vector<FarLayer> far_layers = {{256, 3},    {256, 3, 2}, {512, 3},  {512, 5},
                                          {512, 5, 2}, {768, 3},    {1023, 3}, {1024, 3},
                                          {1025, 3},   {1025, 7},   {1040, 3}};

/// A view of so much of a page that begins `offset` bytes behind another tensor's, page by page.
class Apart {
 public:
  Apart(const Sizes& sizes, const void* from, std::int64_t offset)
      : memory_({sizes.numel().value() + 2 * page / static_cast<std::int64_t>(sizeof(float))}) {
    auto* bytes = static_cast<char*>(MutableTensorView(memory_).data());
    const auto here = reinterpret_cast<std::intptr_t>(bytes);
    const auto there = reinterpret_cast<std::intptr_t>(from) + offset;
    bytes += ((there - here) % page + page) % page;
    view_ = {bytes, DType::float32, sizes, packed_strides(sizes, side_by_side)};
  }
  MutableTensorView view() const { return view_; }

 private:
  static constexpr std::int64_t page = 4096;
  Tensor memory_;
  MutableTensorView view_{nullptr, DType::float32, {0}};
};

/// With the inputs and the results beginning alike but for whole pages, and not.
TEST(DepthwiseChannels, OfPixelsFarApartAreTheReferenceWhereverTheyLie) {
  Random random;
  for (const FarLayer& layer : far_layers) {
    const Tensor x = random.values(layer.input(), DType::float32, side_by_side);
    const Tensor w = random.values(layer.weight(), DType::float32);
    const Tensor bias = random.values({layer.channels}, DType::float32);
    const Plan plan = layer.plan();
    Tensor expected(plan.output_sizes(), DType::float32, side_by_side);
    plan.with_algorithm("reference").run(x, w, bias.view(), expected);
    for (const auto name : simd::instruction_sets()) {
      if (!testing::has_fused_multiply_add(name)) {
        continue;
      }
      const Instructions instructions(name);
      for (const std::int64_t offset : {0, 320}) {
        for (const int threads : {1, 3}) {
          const Threads scope(threads);
          const Apart y(expected.sizes(), x.data(), offset);
          plan.run(x, w, bias.view(), y.view());
          EXPECT_TRUE(same_bits(y.view(), expected))
              << layer.channels << " channels, kernel " << layer.kernel << ", " << name
              << ", offset " << offset << ", threads " << threads;
        }
      }
    }
  }
}

TEST(DepthwiseChannels, CopiesTouchNothingOutsideTheirTensors) {
  Random random;
  for (const FarLayer& layer : far_layers) {
    const Plan plan = layer.plan();
    const Tensor w = random.values(layer.weight(), DType::float32);
    const Tensor bias = random.values({layer.channels}, DType::float32);
    const Tensor x = random.values(layer.input(), DType::float32, side_by_side);
    Tensor expected(plan.output_sizes(), DType::float32, side_by_side);
    plan.run(x, w, bias.view(), expected);
    for (const bool at_end : {false, true}) {
      const Tensor guarded_x = testing::guarded(x, at_end);
      Tensor y =
          testing::guarded(Tensor(plan.output_sizes(), DType::float32, side_by_side), at_end);
      plan.run(guarded_x, w, bias.view(), y);
      EXPECT_TRUE(same_bits(y, expected)) << layer.channels << " channels";
    }
  }
}

bool reads_in_place(const FarLayer& layer, bool meets) {
  return Cut<float>(layer.problem(), {.channels_last = true, .meets = meets}).in_place;
}

TEST(DepthwiseChannels, AreCopiedWherePixelsShareSetsOrStoresMeetLoads) {
  EXPECT_TRUE(reads_in_place({1040, 3}, false));
  for (const std::int64_t channels : {1023, 1024, 1025}) {
    EXPECT_FALSE(reads_in_place({channels, 3}, false)) << channels;
  }
  EXPECT_TRUE(reads_in_place({512, 3}, false));
  EXPECT_FALSE(reads_in_place({512, 3}, true));
  EXPECT_FALSE(reads_in_place({512, 5}, false));
  EXPECT_TRUE(reads_in_place({256, 3}, true));
}

TEST(DepthwiseChannels, KnowWhereStoresMeetLoads) {
  const float memory[4096] = {};
  const auto meets = [&](std::int64_t channels, std::int64_t apart) {
    return Cut<float>::meets(FarLayer{channels, 3}.problem(), memory, memory + apart);
  };
  EXPECT_TRUE(meets(256, 0));
  EXPECT_TRUE(meets(256, 256));
  EXPECT_FALSE(meets(256, 16));
  EXPECT_TRUE(meets(512, 512));
  EXPECT_FALSE(meets(512, 256));
  EXPECT_FALSE(meets(128, 0));  // enough other lines between
  EXPECT_FALSE(meets(1040, 0));
}

}  // namespace
}  // namespace conv2d

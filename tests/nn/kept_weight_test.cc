// A layer that keeps its packed weight gives what a call with the plain weight gives, whatever
// happened to the weight before.
#include <conv2d/functional.h>
#include <conv2d/nn.h>

#include "plan/choose.h"
#include "plan/kept_weight.h"
#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace conv2d {
namespace {

using testing::Random;
using testing::same_bits;

Tensor by_function(const Conv2d& conv, TensorView x) {
  const Conv2dOptions& options = conv.options();
  return functional::conv2d(x, conv.weight(), *conv.bias(), options.stride, options.padding);
}

class KeptWeights : public ::testing::Test {
 protected:
  Tensor input(std::int64_t rows = 9) { return random_.values({2, 16, rows, 11}, DType::float32); }
  void expect_up_to_date(const Conv2d& conv) {
    for (const std::int64_t rows : {9, 9, 14}) {
      const Tensor x = input(rows);
      EXPECT_TRUE(same_bits(conv(x), by_function(conv, x)));
      const Tensor last = x.clone(MemoryFormat::channels_last);
      EXPECT_TRUE(same_bits(conv(last), by_function(conv, x)));
    }
  }
  void rewrite(MutableTensorView weight) {
    copy(random_.values(weight.sizes(), DType::float32), weight);
  }

  Random random_;
};

TEST_F(KeptWeights, OtherSizesAndMemoryFormatsAreOtherAlgorithms) {
  expect_up_to_date(Conv2d(16, 24, 3, 1, 1));
}

/// Tiles of 4x4 outputs, of 2x2 and none, by turns.
TEST_F(KeptWeights, OfAPyramidAreThreeAlgorithms) {
  const Conv2d conv(96, 256, 3, 1, 1);
  KeptWeight kept;
  std::set<std::shared_ptr<const Tensor>> weights;
  for (int turn = 0; turn < 2; ++turn) {
    for (const std::int64_t size : {14, 7, 3}) {
      const Tensor x = random_.values({1, 96, size, size}, DType::float32);
      EXPECT_TRUE(same_bits(conv(x), by_function(conv, x))) << size;
      const Problem problem =
          conv2d_problem(x.sizes(), conv.weight().sizes(), true, Types{}, {.padding = 1}).value();
      weights.insert(kept.packed(choose(problem), problem, conv.weight()));
    }
  }
  EXPECT_EQ(weights.size(), 3U);  // none was packed anew
}

TEST_F(KeptWeights, WhatIsWrittenThroughAnOldViewCounts) {
  Conv2d conv(16, 24, 3, 1, 1);
  expect_up_to_date(conv);
  const MutableTensorView weight = conv.mutable_weight();
  for (int step = 0; step < 3; ++step) {
    rewrite(weight);
    expect_up_to_date(conv);
  }
}

TEST_F(KeptWeights, KeepingAgainTakesTheWeightAsItIs) {
  Conv2d conv(16, 24, 3, 1, 1);
  expect_up_to_date(conv);
  rewrite(conv.mutable_weight());
  conv.keep_packed();
  expect_up_to_date(conv);
  rewrite(conv.mutable_weight());
  expect_up_to_date(conv);
}

TEST_F(KeptWeights, LoadedWeightsCount) {
  Conv2d conv(16, 24, 3, 1, 1);
  expect_up_to_date(conv);
  conv.load_state_dict(Conv2d(16, 24, 3, 1, 1).state_dict());
  expect_up_to_date(conv);
}

TEST_F(KeptWeights, CopiesAndMovesTakeTheirOwnWeight) {
  Conv2d conv(16, 24, 3, 1, 1);
  expect_up_to_date(conv);
  Conv2d copied = conv;
  rewrite(conv.mutable_weight());
  expect_up_to_date(copied);
  copied = conv;
  expect_up_to_date(copied);
  const Conv2d moved = std::move(copied);
  expect_up_to_date(moved);
}

TEST_F(KeptWeights, SeveralThreadsMayCallOneLayer) {
  const Conv2d conv(16, 24, 3, 1, 1);
  const Tensor x = input();
  std::vector<Tensor> results(4);
  std::vector<std::thread> threads;
  for (Tensor& result : results) {
    threads.emplace_back([&] { result = conv(x); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const Tensor& result : results) {
    EXPECT_TRUE(same_bits(result, by_function(conv, x)));
  }
}

TEST_F(KeptWeights, ATransposedLayerServesAllSizes) {
  const ConvTranspose2d conv(16, 6, 3, 4, 0);
  for (const std::int64_t rows : {1, 7, 1}) {
    const Tensor x = random_.values({1, 16, rows, rows}, DType::float32);
    EXPECT_TRUE(
        same_bits(conv(x), functional::conv_transpose2d(x, conv.weight(), *conv.bias(), 4)));
  }
  const Tensor x = random_.values({1, 16, 1, 1}, DType::float32);
  functional::ConvTranspose2dArguments wider{.stride = 4};
  wider.output_padding = 1;
  EXPECT_TRUE(
      same_bits(conv(x, 4), functional::conv_transpose2d(x, conv.weight(), *conv.bias(), wider)));
}

}  // namespace
}  // namespace conv2d

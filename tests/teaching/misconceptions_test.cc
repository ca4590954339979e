// What learners often believe of Conv2d, and what it does.
#include <conv2d/explain.h>
#include <conv2d/nn.h>

#include "support/tensors.h"
#include "teaching/sizes.h"

#include <gtest/gtest.h>

namespace conv2d::testing {
namespace {

namespace F = functional;

// "Two 5x5 kernels, each gives three channels, so six come out": no.
TEST(Misconception, Conv2dOf3And6HasSixFiltersEachThroughAllThreeChannels) {
  const Conv2d conv(3, 6, 5);
  EXPECT_EQ(conv.weight().sizes(), (Sizes{6, 3, 5, 5}));
  const explain::Cost cost = explain::Explanation(conv.options(), {3, 32, 32}).cost();
  EXPECT_EQ(cost.parameters(), 456);
  EXPECT_EQ(cost.multiply_adds, 352800);
  EXPECT_EQ(conv.output_sizes({3, 32, 32}), (Sizes{6, 28, 28}));
}

// An output channel is the sum over all input channels: one for each is what three alone give.
TEST(Misconception, TheInputChannelsOfAFilterAreAddedUp) {
  const Tensor x = counting({3, 4, 4});
  const Tensor w = counting({1, 3, 3, 3});
  const Tensor together = F::conv2d(x, w);
  std::vector<double> sums(4, 0.0);
  for (std::int64_t c = 0; c < 3; ++c) {
    const Tensor alone = F::conv2d(x.view().slice(0, c, c + 1), w.view().slice(1, c, c + 1));
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += alone.data<float>()[i];
    }
  }
  EXPECT_TRUE(holds(together, sums));
}

// out_channels is not a result: it is the number of filters.
TEST(Misconception, OutChannelsIsTheNumberOfFilters) {
  for (const std::int64_t filters : {1, 2, 7}) {
    const Conv2d conv(3, filters, 3);
    EXPECT_EQ(conv.weight().size(0), filters);
    EXPECT_EQ(conv.output_sizes({3, 8, 8})[0], filters);
  }
}

// torch's dilation=1 has no gaps; the figure with gaps is dilation=2.
TEST(Misconception, DilationOneIsNoGap) {
  EXPECT_EQ(conv_size(7, 3, 1, 0, 1), conv_size(7, 3));
  EXPECT_EQ(conv_size(7, 3, 1, 0, 2), conv_size(7, 5));
  const Conv2dOptions gaps{.in_channels = 1, .out_channels = 1, .kernel_size = 3, .dilation = 2};
  EXPECT_EQ(explain::Explanation(gaps, {1, 7, 7}).sizes().rows.extent, 5);
}

// groups cuts the channels into convolutions that know nothing of each other.
TEST(Misconception, GroupsKeepChannelsApart) {
  const Conv2d depthwise(4, 4, 3, 1, 0, 1, 4);
  EXPECT_EQ(depthwise.weight().sizes(), (Sizes{4, 1, 3, 3}));
  Tensor x({4, 5, 5});
  const Tensor before = depthwise(x);
  x.at<float>({2, 2, 2}) = 1;  // the middle, which every window sees
  const Tensor after = depthwise(x);
  for (std::int64_t k = 0; k < 4; ++k) {
    const bool unchanged = bool(same_bits(before.view().select(0, k), after.view().select(0, k)));
    EXPECT_EQ(unchanged, k != 2) << "channel " << k;
  }
}

// A single 1 in the input gives back the kernel turned round: so the kernel itself is not turned.
TEST(Misconception, TheKernelIsNotTurned) {
  Tensor impulse({1, 5, 5});
  impulse.at<float>({0, 2, 2}) = 1;
  EXPECT_TRUE(holds(F::conv2d(impulse, counting({1, 1, 3, 3})), {8, 7, 6, 5, 4, 3, 2, 1, 0}));
}

}  // namespace
}  // namespace conv2d::testing

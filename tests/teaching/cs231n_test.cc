// The numbers of CS231n's notes on convolutional networks
// (https://cs231n.github.io/convolutional-networks/), out of the library.
#include <conv2d/explain.h>
#include <conv2d/nn.h>

#include "teaching/sizes.h"

#include <gtest/gtest.h>

namespace conv2d::testing {
namespace {

using explain::Explanation;

TEST(Cs231n, OutputSizes) {
  EXPECT_EQ(conv_size(7, 3, 1, 0), 5);
  EXPECT_EQ(conv_size(7, 3, 2, 0), 3);
  EXPECT_EQ(conv_size(5, 3, 1, 1), 5);
  EXPECT_EQ(conv_size(5, 3, 2, 1), 3);
}

/// How many rows at the bottom no output reads.
std::int64_t unread_at_the_end(std::int64_t i, std::int64_t k, std::int64_t s, std::int64_t p) {
  const Conv2dOptions options{
      .in_channels = 1, .out_channels = 1, .kernel_size = k, .stride = s, .padding = p};
  const auto unread = Explanation(options, {1, i, i}).sizes().rows.unread;
  if (unread.empty() || unread.back().last != i - 1) {
    return 0;
  }
  return unread.back().last - unread.back().first + 1;
}

// The notes call these invalid. torch floors them; what is dropped are rows that nobody reads.
TEST(Cs231n, SizesThatDoNotDivideLeaveRowsUnread) {
  EXPECT_EQ(conv_size(5, 3, 3, 1), 2);
  EXPECT_EQ(unread_at_the_end(5, 3, 3, 1), 0);  // what is dropped there is padding
  EXPECT_EQ(conv_size(10, 3, 2, 0), 4);
  EXPECT_EQ(unread_at_the_end(10, 3, 2, 0), 1);
  EXPECT_EQ(conv_size(224, 11, 4, 0), 54);
  EXPECT_EQ(unread_at_the_end(224, 11, 4, 0), 1);
}

TEST(Cs231n, AlexNetsFirstLayer) {
  const Conv2dOptions options{.in_channels = 3, .out_channels = 96, .kernel_size = 11, .stride = 4};
  const Explanation alexnet(options, {3, 227, 227});
  EXPECT_EQ(alexnet.output_sizes(), (Sizes{96, 55, 55}));
  EXPECT_EQ(alexnet.output_sizes().numel(), 290400);
  const explain::Cost cost = alexnet.cost();
  EXPECT_EQ(*alexnet.weight_sizes().numel() / 96, 363);
  EXPECT_EQ(cost.parameters(), 34944);
  EXPECT_EQ(cost.unshared_parameters, 105705600);
  EXPECT_EQ(cost.multiply_adds, 105415200);
  const explain::Im2col columns = alexnet.im2col(0, 363 * 3025);
  EXPECT_EQ(columns.rows, 363);
  EXPECT_EQ(columns.columns, 3025);
  EXPECT_NEAR(cost.im2col_ratio, 7.10, 0.005);  // as the text rounds it
}

TEST(Cs231n, TheDemo) {
  const Conv2dOptions options{
      .in_channels = 3, .out_channels = 2, .kernel_size = 3, .stride = 2, .padding = 1};
  const Explanation demo(options, {3, 5, 5});
  EXPECT_EQ(demo.sizes().rows.padded, 7);
  EXPECT_EQ(demo.output_sizes(), (Sizes{2, 3, 3}));
  EXPECT_EQ(demo.cost().parameters(), 56);
  EXPECT_EQ(demo.cost().multiply_adds, 486);
}

TEST(Cs231n, AFullyConnectedLayerIsAConvolutionOverTheWholeInput) {
  const Conv2dOptions options{.in_channels = 512, .out_channels = 4096, .kernel_size = 7};
  const Explanation dense(options, {512, 7, 7});
  EXPECT_EQ(dense.output_sizes(), (Sizes{4096, 1, 1}));
  EXPECT_EQ(dense.cost().weights, 102760448);
}

TEST(Cs231n, StackedThreeByThreesSeeFiveAndSeven) {
  const std::vector<Conv2dOptions> chain(
      3, Conv2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = 3});
  const auto fields = explain::receptive_fields(chain);
  EXPECT_EQ(fields[1].size, Pair(5));
  EXPECT_EQ(fields[2].size, Pair(7));
}

}  // namespace
}  // namespace conv2d::testing

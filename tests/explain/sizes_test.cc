// The size arithmetic, and the rows and columns that no output reads.
#include "explain/layers.h"
#include "support/naive.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace conv2d::explain {
namespace {

using conv2d::testing::padded_indices;
using test::Random;

AxisSize square(std::int64_t input, std::int64_t kernel, Padding padding, std::int64_t stride,
                std::int64_t dilation = 1) {
  const Explanation explanation(Conv2dOptions{.in_channels = 1,
                                              .out_channels = 1,
                                              .kernel_size = kernel,
                                              .stride = stride,
                                              .padding = padding,
                                              .dilation = dilation},
                                {1, input, input});
  const SizeArithmetic sizes = explanation.sizes();
  EXPECT_EQ(sizes.rows.formula, sizes.columns.formula);
  EXPECT_EQ(explanation.output_sizes(), (Sizes{1, sizes.rows.output, sizes.columns.output}));
  return sizes.rows;
}

/// https://cs231n.github.io/convolutional-networks/ calls the last three invalid; the floor leaves
/// rows unread there.
TEST(ExplainSizes, Cs231nsExamples) {
  EXPECT_EQ(square(7, 3, 0, 1).output, 5);
  EXPECT_EQ(square(7, 3, 0, 2).output, 3);
  EXPECT_EQ(square(5, 3, 1, 1).output, 5);
  EXPECT_EQ(square(5, 3, 1, 2).output, 3);
  EXPECT_EQ(square(227, 11, 0, 4).output, 55);

  const AxisSize padded = square(5, 3, 1, 3);
  EXPECT_EQ(padded.output, 2);
  EXPECT_EQ(padded.remainder, 1);
  EXPECT_EQ(padded.unread_count, 0);  // what the floor drops is padding
  const AxisSize ten = square(10, 3, 0, 2);
  EXPECT_EQ(ten.output, 4);
  EXPECT_EQ(ten.unread, (std::vector<Range>{{9, 9}}));
  const AxisSize alexnet = square(224, 11, 0, 4);
  EXPECT_EQ(alexnet.output, 54);
  EXPECT_EQ(alexnet.remainder, 1);
  EXPECT_EQ(alexnet.unread, (std::vector<Range>{{223, 223}}));
}

TEST(ExplainSizes, StrideBeyondTheKernelSkipsRowsBetween) {
  const AxisSize size = square(11, 2, 0, 4);
  EXPECT_EQ(size.output, 3);
  EXPECT_EQ(size.unread, (std::vector<Range>{{2, 3}, {6, 7}, {10, 10}}));
  EXPECT_EQ(size.unread_count, 5);
}

TEST(ExplainSizes, TheFormulaShowsItsNumbers) {
  EXPECT_EQ(square(7, 3, 1, 3, 2).formula,
            "floor((7 + 1 + 1 - 2*(3 - 1) - 1) / 3) + 1 = floor(4 / 3) + 1 = 2");
  const Explanation transposed(ConvTranspose2dOptions{.in_channels = 1,
                                                      .out_channels = 1,
                                                      .kernel_size = 3,
                                                      .stride = 2,
                                                      .padding = 1,
                                                      .output_padding = 1,
                                                      .dilation = 2},
                               {1, 3, 4});
  const SizeArithmetic sizes = transposed.sizes();
  EXPECT_EQ(sizes.rows.formula, "(3 - 1)*2 - 1 - 1 + 2*(3 - 1) + 1 + 1 = 8");
  EXPECT_EQ(sizes.columns.formula, "(4 - 1)*2 - 1 - 1 + 2*(3 - 1) + 1 + 1 = 10");
  EXPECT_EQ(transposed.output_sizes(), (Sizes{1, 8, 10}));
  EXPECT_EQ(sizes.rows.padded, 5);
  EXPECT_EQ(sizes.rows.extent, 5);
}

TEST(ExplainSizes, SameIsResolvedToNumbers) {
  const AxisSize upper = square(8, 4, same, 1);
  EXPECT_EQ(upper.output, 8);
  EXPECT_EQ(upper.pad_before, 1);
  EXPECT_EQ(upper.pad_after, 2);
  EXPECT_EQ(square(8, 4, same_lower, 1).pad_before, 2);
  EXPECT_EQ(square(10, 3, same, 3).output, 4);
}

std::vector<Range> ranges_of(const std::vector<bool>& read) {
  std::vector<Range> ranges;
  for (std::int64_t i = 0; i < std::ssize(read); ++i) {
    if (read[static_cast<std::size_t>(i)]) {
      continue;
    }
    if (!ranges.empty() && ranges.back().last == i - 1) {
      ranges.back().last = i;
    } else {
      ranges.push_back({i, i});
    }
  }
  return ranges;
}

void expect_unread(const AxisSize& size, const std::vector<bool>& read) {
  EXPECT_EQ(size.unread, ranges_of(read)) << size.formula;
  EXPECT_EQ(size.unread_count, std::count(read.begin(), read.end(), false));
}

TEST(ExplainSizes, UnreadIsWhatNoWindowOfAPaddedCopyShows) {
  Random random;
  for (int i = 0; i < 300; ++i) {
    auto options = test::random_conv2d(random, DType::float32).layer.options();
    options.stride = Pair(random.between(1, 9), 1);  // beyond the kernel, too
    const std::int64_t extent = options.dilation.h * (options.kernel_size.h - 1) + 1;
    const std::int64_t height = extent + random.between(3, 12);
    const Explanation explanation(options, {1, options.in_channels, height, 30});
    const AxisSize size = explanation.sizes().rows;
    const auto shows = padded_indices(options.padding_mode, height, options.padding.top(),
                                      options.padding.bottom());
    std::vector<bool> read(static_cast<std::size_t>(height));
    for (std::int64_t start = 0; start + extent <= std::ssize(shows); start += options.stride.h) {
      for (std::int64_t r = 0; r < options.kernel_size.h; ++r) {
        const auto index = shows[static_cast<std::size_t>(start + r * options.dilation.h)];
        if (index >= 0) {
          read[static_cast<std::size_t>(index)] = true;
        }
      }
    }
    expect_unread(size, read);
  }
}

TEST(ExplainSizes, ATransposedLayersUnreadRowsAreCroppedWhole) {
  Random random;
  int lost = 0;
  for (int i = 0; i < 300; ++i) {
    const auto [layer, input] = test::random_conv_transpose2d(random, DType::float32);
    const ConvTranspose2dOptions& o = layer.options();
    const AxisSize size = Explanation(o, input.sizes()).sizes().rows;
    std::vector<bool> read(static_cast<std::size_t>(input.size(2)));
    for (std::int64_t h = 0; h < input.size(2); ++h) {
      for (std::int64_t r = 0; r < o.kernel_size.h; ++r) {
        const std::int64_t lands = h * o.stride.h + r * o.dilation.h - o.padding.top();
        if (lands >= 0 && lands < size.output) {
          read[static_cast<std::size_t>(h)] = true;
        }
      }
    }
    expect_unread(size, read);
    lost += size.unread_count > 0 ? 1 : 0;
  }
  EXPECT_GT(lost, 0);
}

TEST(ExplainSizes, TheLongestAxisIsAnsweredWhole) {
  const Explanation explanation(
      Conv2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = Pair(1, 8), .stride = 8},
      {1, 1, 1 << 24});
  const AxisSize size = explanation.sizes().columns;
  EXPECT_EQ(size.output, 1 << 21);
  EXPECT_EQ(size.unread_count, 0);
}

TEST(ExplainSizes, AnEmptyTransposedInputReadsNothing) {
  const Explanation explanation(
      ConvTranspose2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = 3}, {1, 0, 2});
  const SizeArithmetic sizes = explanation.sizes();
  EXPECT_EQ(sizes.rows.formula, "(0 - 1)*1 - 0 - 0 + 1*(3 - 1) + 0 + 1 = 2");
  EXPECT_EQ(sizes.rows.padded, 0);
  EXPECT_EQ(sizes.rows.unread_count, 0);
  EXPECT_EQ(explanation.output({0, 1, 0}).counting, 0);
}

}  // namespace
}  // namespace conv2d::explain

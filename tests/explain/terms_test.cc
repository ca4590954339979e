// The terms of an output: the layer's value to the bit, and the elements that a second,
// independent account of padding and stuffing names.
#include "explain/layers.h"
#include "support/naive.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cmath>

#include <limits>
#include <vector>

namespace conv2d::explain {
namespace {

using conv2d::testing::padded_indices;
using conv2d::testing::refused;
using test::bits;
using test::Elements;
using test::for_each_index;
using test::Random;

template <class Module>
void expect_layers_values(const Module& layer, const Tensor& input) {
  const conv2d::testing::Threads one(1);  // these layers are too small to share out
  const Tensor output = layer(input);
  const Elements value(output);
  const Explanation explanation(layer, input);
  for_each_index(output.sizes(), [&](const Index& index) {
    const OutputSum sum = explanation.output(index);
    ASSERT_TRUE(sum.has_values);
    ASSERT_EQ(bits(sum.value), bits(value[index])) << name(input.dtype()) << ", " << index;
    ASSERT_EQ(sum.dtype, output.dtype());
  });
}

TEST(ExplainTerms, ValueIsConv2dsBitForBitInEveryDtype) {
  Random random;
  for (const DType dtype : test::all_dtypes) {
    for (int i = 0; i < 60; ++i) {
      const auto [layer, input] = test::random_conv2d(random, dtype);
      expect_layers_values(layer, input);
    }
  }
}

TEST(ExplainTerms, ValueIsConvTranspose2dsBitForBitInEveryDtype) {
  Random random;
  for (const DType dtype : test::all_dtypes) {
    for (int i = 0; i < 60; ++i) {
      const auto [layer, input] = test::random_conv_transpose2d(random, dtype);
      expect_layers_values(layer, input);
    }
  }
}

TEST(ExplainTerms, UnbatchedAndStridedInputsAreReadWhereTheyLie) {
  Random random;
  const Conv2d layer(2, 3, 3, 1, 1);
  const Tensor wide = random.values({2, 9, 14}, DType::float32);
  const TensorView input = wide.view().slice(2, 1, 14, 2);
  const Tensor output = layer(input);
  const Explanation explanation(layer, input);
  EXPECT_EQ(explanation.output_sizes(), output.sizes());
  EXPECT_EQ(explanation.output({2, 8, 6}).value.real(),
            static_cast<double>(output.at<float>({2, 8, 6})));
}

/// Each running sum is the one before plus the product, rounded once.
template <class Module>
void expect_steps(const Module& layer, const Tensor& input) {
  const Explanation explanation(layer, input);
  const Elements x(input);
  const Elements w(layer.weight());
  const Tensor output = layer(input);
  for_each_index(output.sizes(), [&](const Index& index) {
    const OutputSum sum = explanation.output(index);
    double running = 0;
    std::int64_t counting = 0;
    for (const Term& term : sum.terms) {
      ASSERT_EQ(term.weight_value, w[term.weight]);
      if (term.counts()) {
        ++counting;
        ASSERT_EQ(term.input_value, x[term.input]);
        ASSERT_EQ(term.product.real(), term.input_value.real() * term.weight_value.real());
        running = std::fma(term.input_value.real(), term.weight_value.real(), running);
      }
      ASSERT_EQ(term.running.real(), running);
    }
    EXPECT_EQ(sum.counting, counting);
    EXPECT_EQ(sum.sum.real(), running);
    EXPECT_EQ(sum.total.real(), sum.has_bias ? running + sum.bias.real() : running);
    EXPECT_EQ(sum.value, sum.total);
  });
}

TEST(ExplainTerms, RunningSumsAddProductByProduct) {
  Random random;
  for (int i = 0; i < 40; ++i) {
    const auto conv = test::random_conv2d(random, DType::float64);
    expect_steps(conv.layer, conv.input);
    const auto transposed = test::random_conv_transpose2d(random, DType::float64);
    expect_steps(transposed.layer, transposed.input);
  }
}

TEST(ExplainTerms, ChannelSumsAreEachChannelsProductsAlone) {
  Random random;
  for (int i = 0; i < 40; ++i) {
    const auto [layer, input] = test::random_conv2d(random, DType::float64);
    const OutputSum sum = Explanation(layer, input).output({0, 0, 0});
    ASSERT_EQ(std::ssize(sum.channels), layer.weight().size(1));
    for (const ChannelSum& channel : sum.channels) {
      double alone = 0;
      double running = 0;
      std::int64_t count = 0;
      for (const Term& term : sum.terms) {
        if (term.channel == channel.channel && term.counts()) {
          alone = std::fma(term.input_value.real(), term.weight_value.real(), alone);
          ++count;
        }
        running = term.channel <= channel.channel ? term.running.real() : running;
      }
      EXPECT_EQ(channel.sum.real(), alone);
      EXPECT_EQ(channel.running.real(), running);
      EXPECT_EQ(channel.terms, count);
    }
  }
}

TEST(ExplainTerms, IntegersAreShownModulo2To32) {
  const Conv2dOptions options{
      .in_channels = 2, .out_channels = 1, .kernel_size = 1, .bias = false, .dtype = DType::int32};
  const Conv2d layer(options, Tensor::from<std::int32_t>({1, 2, 1, 1}, {65536, 1}));
  const Tensor input = Tensor::from<std::int32_t>({2, 1, 1}, {65537, 2147483647});
  const OutputSum sum = Explanation(layer, input).output({0, 0, 0});
  EXPECT_EQ(sum.terms[0].product.real(), 65536);  // 65536*65537 = 2^32 + 65536
  EXPECT_EQ(sum.terms[1].running.real(), -2147483648.0 + 65535);
  EXPECT_EQ(sum.value.real(), layer(input).at<std::int32_t>({0, 0, 0}));
}

TEST(ExplainTerms, WeightsOverThePaddingContributeNothingEvenIfInfinite) {
  Conv2d layer(1, 1, 3, 1, 1);
  copy(Tensor::full({1, 1, 3, 3}, 1), layer.mutable_weight());
  layer.mutable_weight().at<float>({0, 0, 0, 0}) = std::numeric_limits<float>::infinity();
  const Tensor input = Tensor::full({1, 3, 3}, 1);
  const Explanation explanation(layer, input);
  const OutputSum corner = explanation.output({0, 0, 0});
  EXPECT_EQ(corner.terms[0].kind, TermKind::padding);
  EXPECT_EQ(corner.sum.real(), 4);
  EXPECT_EQ(explanation.output({0, 1, 1}).value.real(), std::numeric_limits<double>::infinity());
}

TEST(ExplainTerms, Conv2dTapsMeetWhatAPaddedCopyShows) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    const auto [layer, input] = test::random_conv2d(random, DType::float32);
    const Conv2dOptions& o = layer.options();
    const auto rows =
        padded_indices(o.padding_mode, input.size(2), o.padding.top(), o.padding.bottom());
    const auto columns =
        padded_indices(o.padding_mode, input.size(3), o.padding.left(), o.padding.right());
    const Explanation explanation(o, input.sizes());
    const Sizes output = explanation.output_sizes();
    const Index at{random.between(0, output[1] - 1), random.between(0, output[2] - 1),
                   random.between(0, output[3] - 1), random.between(0, output[0] - 1)};
    const OutputSum sum = explanation.output(at);
    EXPECT_FALSE(sum.has_values);
    EXPECT_EQ(sum.group, at.channel / (o.out_channels / o.groups));
    auto term = sum.terms.begin();
    const std::int64_t channels = o.in_channels / o.groups;
    for (std::int64_t c = sum.group * channels; c < (sum.group + 1) * channels; ++c) {
      for (std::int64_t r = 0; r < o.kernel_size.h; ++r) {
        for (std::int64_t s = 0; s < o.kernel_size.w; ++s, ++term) {
          const std::int64_t row = at.row * o.stride.h + r * o.dilation.h;
          const std::int64_t column = at.column * o.stride.w + s * o.dilation.w;
          const std::int64_t h = rows[static_cast<std::size_t>(row)];
          const std::int64_t w = columns[static_cast<std::size_t>(column)];
          ASSERT_EQ(term->row, row - o.padding.top());
          ASSERT_EQ(term->column, column - o.padding.left());
          ASSERT_EQ(term->weight, (WeightIndex{at.channel, c % channels, r, s}));
          if (h < 0 || w < 0) {
            ASSERT_EQ(term->kind, TermKind::padding);
            continue;
          }
          ASSERT_EQ(term->input, (Index{c, h, w, at.batch}));
          ASSERT_EQ(term->kind,
                    h == term->row && w == term->column ? TermKind::input : TermKind::border);
        }
      }
    }
    EXPECT_EQ(term, sum.terms.end());
  }
}

TEST(ExplainTerms, ConvTranspose2dTapsMeetTheStuffedInput) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    const auto [layer, input] = test::random_conv_transpose2d(random, DType::float32);
    const ConvTranspose2dOptions& o = layer.options();
    const Explanation explanation(o, input.sizes());
    const Sizes output = explanation.output_sizes();
    const Sizes& x = explanation.input_sizes();
    for_each_index({1, 1, output[2], output[3]}, [&](const Index& at) {
      for (const Term& term : explanation.output(at).terms) {
        // The definition scatters: input (h, w) times tap (r, s) lands on h*stride + r*dilation -
        // pad.
        ASSERT_EQ(term.row + term.r * o.dilation.h - o.padding.top(), at.row);
        ASSERT_EQ(term.column + term.s * o.dilation.w - o.padding.left(), at.column);
        const bool outside = term.row < 0 || term.row > (x[2] - 1) * o.stride.h ||
                             term.column < 0 || term.column > (x[3] - 1) * o.stride.w;
        const bool between = term.row % o.stride.h != 0 || term.column % o.stride.w != 0;
        ASSERT_EQ(term.kind, outside   ? TermKind::padding
                             : between ? TermKind::gap
                                       : TermKind::input);
        if (term.counts()) {
          ASSERT_EQ(term.input.row * o.stride.h, term.row);
          ASSERT_EQ(term.input.column * o.stride.w, term.column);
        }
      }
    });
  }
}

TEST(ExplainTerms, ForEachTermVisitsTheSameTermsAndStopsWhenTold) {
  Random random;
  const auto [layer, input] = test::random_conv2d(random, DType::float32);
  const Explanation explanation(layer, input);
  const OutputSum sum = explanation.output({0, 0, 0});
  std::vector<Term> visited;
  explanation.for_each_term({0, 0, 0}, [&](const Term& term) {
    visited.push_back(term);
    return true;
  });
  ASSERT_EQ(visited.size(), sum.terms.size());
  for (std::size_t i = 0; i < visited.size(); ++i) {
    EXPECT_EQ(visited[i].weight, sum.terms[i].weight);
    EXPECT_EQ(visited[i].running, sum.terms[i].running);
  }
  int calls = 0;
  explanation.for_each_term({0, 0, 0}, [&](const Term&) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
}

TEST(ExplainTerms, WithoutInputChannelsTheValueIsTheBias) {
  Conv2d layer(0, 2, 3);
  layer.mutable_bias().at<float>({1}) = 0.5F;
  const Tensor input({0, 4, 4});
  const OutputSum sum = Explanation(layer, input).output({1, 0, 0});
  EXPECT_TRUE(sum.terms.empty());
  EXPECT_EQ(sum.value.real(), 0.5);
}

TEST(ExplainTerms, IndicesOutsideAreRefusedWithTheSizes) {
  const Explanation explanation(
      Conv2dOptions{.in_channels = 3, .out_channels = 6, .kernel_size = 5}, {3, 32, 32});
  const std::string sentence =
      "there is no output (6, 0, 0) in image 0: counted from 0, the output has 6 channels of 28 "
      "rows and 28 columns in 1 image";
  EXPECT_TRUE(refused([&] { explanation.output({6, 0, 0}); }, sentence));
  EXPECT_TRUE(refused([&] { explanation.output({0, -1, 0}); }, "there is no output (0, -1, 0)"));
  EXPECT_TRUE(refused([&] { explanation.output({0, 0, 28}); }, "there is no output (0, 0, 28)"));
  EXPECT_TRUE(refused([&] { explanation.output({0, 0, 0, 1}); }, "in image 1"));
  EXPECT_TRUE(refused(
      [&] {
        explanation.output({0, 0, 0}, 74);
      },
      "75 terms, but at most 74 were asked for"));
}

TEST(ExplainTerms, AnEmptyBatchHasNoOutputs) {
  const Explanation explanation(
      Conv2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = 1}, {0, 1, 4, 4});
  EXPECT_TRUE(refused([&] { explanation.output({0, 0, 0}); }, "in 0 images"));
}

TEST(ExplainTerms, WhatTheLayerRefusesIsRefused) {
  const Conv2dOptions conv{.in_channels = 3, .out_channels = 4, .kernel_size = 3, .groups = 2};
  EXPECT_TRUE(refused([&] { Explanation(conv, {3, 8, 8}); }, "in_channels must be divisible"));
  const Conv2dOptions fine{.in_channels = 3, .out_channels = 4, .kernel_size = 3};
  EXPECT_TRUE(refused([&] { Explanation(fine, {2, 8, 8}); }, "to have 3 channels"));
  EXPECT_TRUE(refused([&] { Explanation(fine, {3, 2, 8}); }, "Kernel size can't be greater"));
  EXPECT_TRUE(refused([&] { Explanation(fine, {8, 8}); }, "Expected 3D"));
  const ConvTranspose2dOptions mode{
      .in_channels = 1, .out_channels = 1, .kernel_size = 3, .padding_mode = PaddingMode::reflect};
  EXPECT_TRUE(refused([&] { Explanation(mode, {1, 8, 8}); }, "Only \"zeros\""));
  const Conv2d layer(fine);
  const Tensor doubles({3, 8, 8}, DType::float64);
  EXPECT_TRUE(refused([&] { Explanation(layer, doubles); }, "should be the same"));
}

TEST(ExplainTerms, AxesBeyondItsReachAreRefusedAtOnce) {
  const Conv2dOptions options{.in_channels = 1, .out_channels = 1, .kernel_size = 1};
  EXPECT_TRUE(refused(
      [&] {
        Explanation(options, {1, 1, 16777217});
      },
      "at most 16777216 columns, padding included, but got 16777217"));
  const ConvTranspose2dOptions transposed{
      .in_channels = 1, .out_channels = 1, .kernel_size = 1, .stride = Pair(1 << 24, 1)};
  EXPECT_TRUE(refused([&] { Explanation(transposed, {1, 3, 1}); }, "at most 16777216 rows"));
}

}  // namespace
}  // namespace conv2d::explain

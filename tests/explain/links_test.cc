// What touches what is the terms turned round: no link more, none less, and in the order of the
// gradients.
#include "explain/layers.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

namespace conv2d::explain {
namespace {

using conv2d::testing::refused;
using test::bits;
using test::Elements;
using test::for_each_index;
using test::for_each_weight;
using test::Random;

auto key(const Link& link) {
  const auto index = [](const Index& i) { return std::tuple(i.batch, i.channel, i.row, i.column); };
  const WeightIndex& w = link.weight;
  return std::tuple(index(link.output), index(link.input), std::tuple(w.first, w.second, w.r, w.s),
                    link.kind);
}

void sort(std::vector<Link>& links) {
  std::sort(links.begin(), links.end(),
            [](const Link& a, const Link& b) { return key(a) < key(b); });
}

std::vector<Link> links_of_terms(const Explanation& explanation) {
  std::vector<Link> links;
  for_each_index(explanation.output_sizes(), [&](const Index& output) {
    for (const Term& term : explanation.output(output).terms) {
      if (term.counts()) {
        links.push_back({output, term.input, term.weight, term.kind});
      }
    }
  });
  sort(links);
  return links;
}

/// All links of all elements, each element's count checked.
template <class ForEach, class Touched>
std::vector<Link> gather(const Sizes& sizes, ForEach&& for_each, Touched&& touched) {
  std::vector<Link> all;
  for_each(sizes, [&](const auto& index) {
    const Links links = touched(index);
    EXPECT_EQ(links.count, std::ssize(links.list));
    all.insert(all.end(), links.list.begin(), links.list.end());
  });
  sort(all);
  return all;
}

void expect_inverse(const Explanation& explanation) {
  const std::vector<Link> expected = links_of_terms(explanation);
  const auto by_input = gather(
      explanation.input_sizes(), [](auto&& s, auto&& f) { for_each_index(s, f); },
      [&](const Index& i) { return explanation.touched_by_input(i); });
  const auto by_weight = gather(
      explanation.weight_sizes(), [](auto&& s, auto&& f) { for_each_weight(s, f); },
      [&](const WeightIndex& i) { return explanation.touched_by_weight(i); });
  EXPECT_TRUE(by_input == expected);
  EXPECT_TRUE(by_weight == expected);
  EXPECT_EQ(explanation.cost().multiply_adds_done, std::ssize(expected));
}

TEST(ExplainLinks, TouchedOutputsAreTheTermsTurnedRound) {
  Random random;
  for (int i = 0; i < 150; ++i) {
    const auto conv = test::random_conv2d(random, DType::float32);
    expect_inverse(Explanation(conv.layer.options(), conv.input.sizes()));
    const auto transposed = test::random_conv_transpose2d(random, DType::float32);
    expect_inverse(Explanation(transposed.layer.options(), transposed.input.sizes()));
    if (HasFailure()) {
      return;
    }
  }
}

/// dX, dW and db of the layer, made link by link in float32: the order of the links is the order
/// of the gradients' sums.
template <class Module>
void expect_gradients(Random& random, const Module& layer, const Tensor& input) {
  const Tensor output = layer(input);
  const Tensor dy = random.values(output.sizes(), DType::float32);
  const Gradients gradients = layer.backward(dy, input);
  const Elements y(dy), x(input), w(layer.weight());
  const auto number = [](const Scalar& value) { return static_cast<float>(value.real()); };
  const Explanation explanation(layer, input);

  const Elements dx(*gradients.input);
  for_each_index(input.sizes(), [&](const Index& index) {
    float sum = 0;
    explanation.for_each_link(index, [&](const Link& link) {
      sum = std::fma(number(y[link.output]), number(w[link.weight]), sum);
      return true;
    });
    ASSERT_EQ(bits(dx[index]), bits(sum)) << index;
  });
  const Elements dw(*gradients.weight);
  for_each_weight(layer.weight().sizes(), [&](const WeightIndex& index) {
    float sum = 0;
    explanation.for_each_link(index, [&](const Link& link) {
      sum = std::fma(number(x[link.input]), number(y[link.output]), sum);
      return true;
    });
    ASSERT_EQ(bits(dw[index]), bits(sum));
  });
  for (std::int64_t k = 0; gradients.bias && k < gradients.bias->numel(); ++k) {
    float sum = 0;
    const Outputs touched = explanation.touched_by_bias(k);
    EXPECT_EQ(touched.count, std::ssize(touched.list));
    for (const Index& index : touched.list) {
      sum += number(y[index]);
    }
    EXPECT_EQ(gradients.bias->at<float>({k}), sum);
  }
}

TEST(ExplainLinks, GradientsAddUpLinkByLinkToTheBit) {
  Random random;
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    const auto conv = test::random_conv2d(random, DType::float32);
    expect_gradients(random, conv.layer, conv.input);
    const auto transposed = test::random_conv_transpose2d(random, DType::float32);
    expect_gradients(random, transposed.layer, transposed.input);
  }
}

TEST(ExplainLinks, ALimitCutsTheListAndNotTheCount) {
  const Explanation explanation(
      Conv2dOptions{.in_channels = 3, .out_channels = 6, .kernel_size = 5}, {2, 3, 32, 32});
  const Links all = explanation.touched_by_input({1, 10, 10, 1});
  EXPECT_EQ(all.count, 6 * 25);
  const Links cut = explanation.touched_by_input({1, 10, 10, 1}, 4);
  EXPECT_EQ(cut.count, 6 * 25);
  EXPECT_EQ(cut.list, std::vector<Link>(all.list.begin(), all.list.begin() + 4));
  EXPECT_TRUE(explanation.touched_by_input({1, 10, 10, 1}, 0).list.empty());
  const Links weight = explanation.touched_by_weight({5, 2, 4, 4}, 10);
  EXPECT_EQ(weight.count, 2 * 28 * 28);
  EXPECT_EQ(weight.list.size(), 10U);
  const Outputs bias = explanation.touched_by_bias(5, 10);
  EXPECT_EQ(bias.count, 2 * 28 * 28);
  EXPECT_EQ(bias.list.size(), 10U);
}

TEST(ExplainLinks, CountsOfHugeLayersNeedNoList) {
  const Explanation explanation(
      Conv2dOptions{.in_channels = 512, .out_channels = 512, .kernel_size = 3, .padding = 1},
      {1024, 512, 4096, 4096});
  EXPECT_EQ(explanation.touched_by_input({0, 9, 9}, 0).count, 512 * 9);
  EXPECT_EQ(explanation.touched_by_weight({0, 0, 1, 1}, 1).count, std::int64_t{1024} * 4096 * 4096);
}

TEST(ExplainLinks, IndicesOutsideAreRefusedWithTheSizes) {
  const Explanation explanation(
      Conv2dOptions{.in_channels = 4, .out_channels = 6, .kernel_size = 5, .groups = 2}, {4, 8, 8});
  EXPECT_TRUE(refused(
      [&] {
        explanation.touched_by_input({4, 0, 0});
      },
      "there is no input (4, 0, 0)"));
  EXPECT_TRUE(refused(
      [&] {
        explanation.touched_by_weight({0, 2, 0, 0});
      },
      "there is no weight [0, 2, 0, 0]: counted from 0, the weight has the sizes "
      "[6, 2, 5, 5]"));
  EXPECT_TRUE(refused([&] { explanation.touched_by_bias(6); }, "there is no bias 6"));
  const Explanation unbiased(
      Conv2dOptions{.in_channels = 1, .out_channels = 1, .kernel_size = 1, .bias = false},
      {1, 2, 2});
  EXPECT_TRUE(refused([&] { unbiased.touched_by_bias(0); }, "has no bias"));
}

}  // namespace
}  // namespace conv2d::explain

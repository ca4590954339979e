// Gradients: masks, sizes, sums at the border, the second order, and what is refused. That they are
// the derivatives is a property (tests/property).
#include <conv2d/nn.h>

#include "support/configurations.h"
#include "support/naive.h"
#include "support/random.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace conv2d {
namespace {

using functional::conv2d_backward;
using functional::conv2d_double_backward;
using functional::conv_transpose2d_backward;
using functional::conv_transpose2d_double_backward;
using testing::Configuration;
using testing::holds;
using testing::Naive;
using testing::Random;
using testing::random_configuration;
using testing::refused;
using testing::same_bits;
using testing::Volume;

Tensor integers(Random& random, const Sizes& sizes) {
  return random.integers(sizes, DType::float64);
}

Tensor sum(const Tensor& a, const Tensor& b) {
  Tensor total = a.clone(MemoryFormat::contiguous);
  const auto terms = testing::values_of<double>(b);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    total.data<double>()[i] += terms[i];
  }
  return total;
}

TEST(Gradients, AreTheScatteredProductsInEveryMode) {
  Random random;
  for (int i = 0; i < 100; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = integers(random, c.input);
    const Tensor w = integers(random, c.weight);
    const Tensor dy = integers(random, c.output);
    const auto gradients = conv2d_backward(dy, x, w, c.arguments);
    const Naive naive{c.arguments};
    const Volume<double> scattered_x =
        naive.backward_data(Volume<double>(dy), Volume<double>(w), c.input);
    const Volume<double> scattered_w =
        naive.backward_weight(Volume<double>(x), Volume<double>(dy), c.weight);
    ASSERT_TRUE(same_bits(*gradients.input, tensor_of(scattered_x, DType::float64))) << c;
    ASSERT_TRUE(same_bits(*gradients.weight, tensor_of(scattered_w, DType::float64))) << c;
  }
}

TEST(Gradients, OnlyWhatIsWantedIsComputed) {
  const Tensor x({1, 2, 4, 4});
  const Tensor w({3, 2, 3, 3});
  const Tensor dy({1, 3, 2, 2});
  const Tensor wt({2, 3, 3, 3});
  const Tensor dyt({1, 3, 6, 6});
  for (int bits = 0; bits < 8; ++bits) {
    const functional::GradientMask wanted{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    for (const auto& gradients : {conv2d_backward(dy, x, w, {}, wanted),
                                  conv_transpose2d_backward(dyt, x, wt, {}, wanted)}) {
      EXPECT_EQ(gradients.input.has_value(), wanted.input);
      EXPECT_EQ(gradients.weight.has_value(), wanted.weight);
      EXPECT_EQ(gradients.bias.has_value(), wanted.bias);
    }
  }
}

TEST(Gradients, OfALayerWithoutABiasHaveNone) {
  const Conv2d conv(1, 1, 1, 1, 0, 1, 1, false);
  EXPECT_FALSE(conv.backward(Tensor({1, 2, 2}), Tensor({1, 2, 2})).bias.has_value());
  const ConvTranspose2d transposed(1, 1, 1, 1, 0, 0, 1, false);
  EXPECT_FALSE(transposed.backward(Tensor({1, 2, 2}), Tensor({1, 2, 2})).bias.has_value());
}

TEST(Gradients, HaveTheSizesOfWhatTheyAreGradientsOf) {
  const Conv2d conv(3, 6, 5);
  const Gradients gradients = conv.backward(Tensor({6, 4, 4}), Tensor({3, 8, 8}));
  EXPECT_EQ(gradients.input->sizes(), Sizes({3, 8, 8}));
  EXPECT_EQ(gradients.weight->sizes(), Sizes({6, 3, 5, 5}));
  EXPECT_EQ(gradients.bias->sizes(), Sizes({6}));
}

TEST(Gradients, OfAnEmptyBatchAreZero) {
  const Conv2d conv(1, 1, 2);
  const Gradients gradients = conv.backward(Tensor({0, 1, 2, 2}), Tensor({0, 1, 3, 3}));
  EXPECT_TRUE(gradients.input->empty());
  EXPECT_TRUE(holds(*gradients.weight, {0, 0, 0, 0}));
  EXPECT_TRUE(holds(*gradients.bias, {0}));
}

TEST(Gradients, FlowBackThroughTheBorder) {
  // Each output is one input element: the gradient counts how often each is read.
  const Tensor x({1, 1, 3});
  const Tensor w = Tensor::full({1, 1, 1, 1}, 1);
  const auto counts = [&](PaddingMode mode, std::int64_t padding) {
    const Tensor dy = Tensor::full({1, 1, 3 + 2 * padding}, 1);
    return std::move(
        *conv2d_backward(dy, x, w, {.padding = Padding(0, padding), .padding_mode = mode}).input);
  };
  EXPECT_TRUE(holds(counts(PaddingMode::zeros, 2), {1, 1, 1}));
  EXPECT_TRUE(holds(counts(PaddingMode::reflect, 2), {2, 3, 2}));
  EXPECT_TRUE(holds(counts(PaddingMode::replicate, 2), {3, 1, 3}));
  EXPECT_TRUE(holds(counts(PaddingMode::circular, 2), {2, 3, 2}));
}

TEST(Gradients, OfATransposedLayerAreTheConvolutionsWithItsRolesExchanged) {
  Random random;
  for (int i = 0; i < 50; ++i) {
    Configuration c = random_configuration(random);
    c.arguments.padding_mode = PaddingMode::zeros;
    const auto& a = c.arguments;
    const functional::ConvTranspose2dArguments transposed{
        .stride = a.stride, .padding = a.padding, .groups = a.groups, .dilation = a.dilation};
    const Tensor x = integers(random, c.output);
    const Tensor w = integers(random, c.weight);
    Tensor y;
    try {
      y = functional::conv_transpose2d(x, w, {}, transposed);
    } catch (const std::invalid_argument&) {
      continue;  // the padding takes all
    }
    const Tensor dy = integers(random, y.sizes());
    const auto gradients = conv_transpose2d_backward(dy, x, w, transposed);
    ASSERT_TRUE(same_bits(*gradients.input, functional::conv2d(dy, w, {}, a))) << c;
    ASSERT_TRUE(
        same_bits(*gradients.weight, *conv2d_backward(x, dy, w, a, {false, true, false}).weight))
        << c;
  }
}

TEST(Gradients, ComplexOnesConjugateByTorchsConvention) {
  const Tensor x = Tensor::from<complex64>({1, 1, 1}, {complex64(1, 2)});
  const Tensor w = Tensor::from<complex64>({1, 1, 1, 1}, {complex64(3, 5)});
  const Tensor dy = Tensor::from<complex64>({1, 1, 1}, {complex64(0, 1)});
  for (const auto& gradients :
       {conv2d_backward(dy, x, w, {}), conv_transpose2d_backward(dy, x, w, {})}) {
    EXPECT_EQ(gradients.input->at<complex64>({0, 0, 0}), complex64(5, 3));      // i * (3 - 5i)
    EXPECT_EQ(gradients.weight->at<complex64>({0, 0, 0, 0}), complex64(2, 1));  // i * (1 - 2i)
    EXPECT_EQ(gradients.bias->at<complex64>({0}), complex64(0, 1));
  }
}

TEST(Gradients, WrongOnesAreRefused) {
  const Tensor x({1, 2, 4, 4});
  const Tensor w({3, 2, 3, 3});
  EXPECT_EQ(testing::error_of([&] {
              conv2d_backward(Tensor({1, 3, 2, 3}), x, w, {});
            }),
            "grad_output should have size [1, 3, 2, 2] and dtype float32, but got size [1, 3, 2, "
            "3] and dtype float32");
  EXPECT_TRUE(refused(
      [&] {
        conv2d_backward(Tensor({1, 3, 2, 2}, DType::float64), x, w, {});
      },
      "and dtype float64"));
  EXPECT_TRUE(refused(
      [&] {
        conv2d_backward(Tensor({1, 3, 2, 2}, DType::int32), x.to(DType::int8), w.to(DType::int8),
                        {});
      },
      "gradients need a floating or complex dtype, but got int8"));
  EXPECT_TRUE(refused(
      [&] {
        conv2d_backward(Tensor({1, 3, 2, 2}), Tensor({1, 3, 4, 4}), w, {});
      },
      "to have 2 channels"));
}

// With y = A(x, w) + b: to dy flows A(ggx, w) + A(x, ggw) + ggb, to x the pull-back of dy through
// ggw, to w that of dy through ggx.
TEST(SecondGradients, FollowTheFormula) {
  Random random;
  for (int i = 0; i < 50; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = integers(random, c.input);
    const Tensor w = integers(random, c.weight);
    const Tensor dy = integers(random, c.output);
    const Tensor ggx = integers(random, c.input);
    const Tensor ggw = integers(random, c.weight);
    const Tensor ggb = integers(random, {c.weight[0]});
    const auto second = conv2d_double_backward({ggx, ggw, ggb}, dy, x, w, c.arguments);
    const Tensor to_dy = sum(functional::conv2d(ggx, w, ggb, c.arguments),
                             functional::conv2d(x, ggw, {}, c.arguments));
    ASSERT_TRUE(same_bits(*second.grad_output, to_dy)) << c;
    ASSERT_TRUE(same_bits(*second.input, *conv2d_backward(dy, x, ggw, c.arguments).input)) << c;
    ASSERT_TRUE(same_bits(*second.weight, *conv2d_backward(dy, ggx, w, c.arguments).weight)) << c;
  }
}

TEST(SecondGradients, OfTheTransposedLayerFollowTheFormula) {
  Random random;
  const functional::ConvTranspose2dArguments arguments{
      .stride = 2, .padding = 1, .output_padding = 1, .groups = 2};
  const Sizes input{2, 4, 3, 4};
  const Sizes weight{4, 2, 3, 3};
  const Tensor x = integers(random, input);
  const Tensor w = integers(random, weight);
  const Tensor dy = integers(random, {2, 4, 6, 8});
  const Tensor ggx = integers(random, input);
  const Tensor ggw = integers(random, weight);
  const Tensor ggb = integers(random, {4});
  const auto second = conv_transpose2d_double_backward({ggx, ggw, ggb}, dy, x, w, arguments);
  EXPECT_TRUE(
      same_bits(*second.grad_output, sum(functional::conv_transpose2d(ggx, w, ggb, arguments),
                                         functional::conv_transpose2d(x, ggw, {}, arguments))));
  EXPECT_TRUE(same_bits(*second.input, *conv_transpose2d_backward(dy, x, ggw, arguments).input));
  EXPECT_TRUE(same_bits(*second.weight, *conv_transpose2d_backward(dy, ggx, w, arguments).weight));
}

TEST(SecondGradients, WhatIsAbsentAddsNothing) {
  Random random;
  const Tensor x = integers(random, {2, 5, 5});
  const Tensor w = integers(random, {3, 2, 3, 3});
  const Tensor dy = integers(random, {3, 3, 3});
  const Tensor ggw = integers(random, {3, 2, 3, 3});
  const Tensor ggb = Tensor::from<double>({3}, {1, 2, 3});
  const auto second = [&](const functional::GradientsOfGradients& given) {
    return conv2d_double_backward(given, dy, x, w, {});
  };
  EXPECT_TRUE(same_bits(*second({{}, ggw, {}}).grad_output, functional::conv2d(x, ggw)));
  EXPECT_TRUE(same_bits(*second({{}, ggw, ggb}).grad_output, functional::conv2d(x, ggw, ggb)));
  EXPECT_TRUE(same_bits(*second({x, {}, {}}).grad_output, functional::conv2d(x, w)));
  std::vector<double> spread(27, 1);
  std::fill(spread.begin() + 9, spread.begin() + 18, 2);
  std::fill(spread.begin() + 18, spread.end(), 3);
  EXPECT_TRUE(holds(*second({{}, {}, ggb}).grad_output, spread));
  EXPECT_TRUE(holds(*second({}).grad_output, std::vector<double>(27, 0)));
  EXPECT_TRUE(holds(*second({x, {}, ggb}).input, std::vector<double>(50, 0)));
  EXPECT_TRUE(holds(*second({{}, ggw, ggb}).weight, std::vector<double>(54, 0)));
}

TEST(SecondGradients, OnlyWhatIsWantedIsComputed) {
  const Tensor x({2, 5, 5});
  const Tensor w({3, 2, 3, 3});
  const Tensor dy({3, 3, 3});
  for (int bits = 0; bits < 8; ++bits) {
    const functional::SecondGradientMask wanted{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    const auto second = conv2d_double_backward({x, w, {}}, dy, x, w, {}, wanted);
    EXPECT_EQ(second.grad_output.has_value(), wanted.grad_output);
    EXPECT_EQ(second.input.has_value(), wanted.input);
    EXPECT_EQ(second.weight.has_value(), wanted.weight);
  }
}

TEST(SecondGradients, WrongSizesAreNamed) {
  const Tensor x({2, 5, 5});
  const Tensor w({3, 2, 3, 3});
  const Tensor dy({3, 3, 3});
  EXPECT_TRUE(refused(
      [&] {
        conv2d_double_backward({dy, {}, {}}, dy, x, w, {});
      },
      "the gradient of grad_input should have size [2, 5, 5]"));
  EXPECT_TRUE(refused(
      [&] {
        conv2d_double_backward({{}, x, {}}, dy, x, w, {});
      },
      "the gradient of grad_weight should have size [3, 2, 3, 3]"));
  EXPECT_TRUE(refused(
      [&] {
        conv2d_double_backward({{}, {}, x}, dy, x, w, {});
      },
      "the gradient of grad_bias should have size [3]"));
  EXPECT_TRUE(refused([&] { conv2d_double_backward({}, x, x, w, {}); },
                      "grad_output should have size [3, 3, 3]"));
}

}  // namespace
}  // namespace conv2d

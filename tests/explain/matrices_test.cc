// The layer as matrices: they compute what the layer computes.
#include "explain/layers.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace conv2d::explain {
namespace {

using conv2d::testing::refused;
using conv2d::testing::values_of;
using test::Random;

/// One image as a vector of double.
std::vector<double> image(TensorView tensor, std::int64_t n) {
  return values_of<double>(tensor.select(0, n));
}

std::vector<double> times(const SparseMatrix& matrix, const std::vector<double>& x) {
  std::vector<double> y;
  for (std::size_t row = 0; row + 1 < matrix.row_begin.size(); ++row) {
    double sum = 0;
    for (auto i = static_cast<std::size_t>(matrix.row_begin[row]);
         i < static_cast<std::size_t>(matrix.row_begin[row + 1]); ++i) {
      sum = std::fma(x[static_cast<std::size_t>(matrix.column[i])], matrix.values[i].real(), sum);
    }
    y.push_back(sum);
  }
  return y;
}

std::vector<double> dense(const SparseMatrix& matrix) {
  std::vector<double> elements(static_cast<std::size_t>(matrix.rows * matrix.columns));
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    for (auto i = static_cast<std::size_t>(matrix.row_begin[static_cast<std::size_t>(row)]);
         i < static_cast<std::size_t>(matrix.row_begin[static_cast<std::size_t>(row) + 1]); ++i) {
      elements[static_cast<std::size_t>(row * matrix.columns + matrix.column[i])] +=
          matrix.values[i].real();
    }
  }
  return elements;
}

std::vector<double> transposed(const std::vector<double>& elements, std::int64_t columns) {
  const std::int64_t rows = std::ssize(elements) / columns;
  std::vector<double> turned;
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::int64_t row = 0; row < rows; ++row) {
      turned.push_back(elements[static_cast<std::size_t>(row * columns + column)]);
    }
  }
  return turned;
}

/// The bias set to zero: C is the linear part alone. (With no bias a sum of no terms is the same.)
template <class Module>
void without_bias(Module& layer) {
  if (layer.bias()) {
    copy(Tensor(layer.bias()->sizes(), layer.bias()->dtype()), layer.mutable_bias());
  }
}

template <class Module>
void expect_matrix_computes(Module& layer, const Tensor& input) {
  without_bias(layer);
  const Tensor output = layer(input);
  const SparseMatrix matrix = Explanation(layer, input).matrix();
  for (std::int64_t n = 0; n < input.size(0); ++n) {
    EXPECT_EQ(times(matrix, image(input, n)), image(output, n));
  }
  EXPECT_EQ(matrix.rows * input.size(0), output.numel());
  EXPECT_EQ(matrix.columns * input.size(0), input.numel());
}

TEST(ExplainMatrix, TimesTheInputIsTheOutputInTheSameOrder) {
  Random random;
  for (int i = 0; i < 100 && !HasFailure(); ++i) {
    auto conv = test::random_conv2d(random, DType::float64);
    expect_matrix_computes(conv.layer, conv.input);
    auto transposed_conv = test::random_conv_transpose2d(random, DType::float64);
    expect_matrix_computes(transposed_conv.layer, transposed_conv.input);
  }
}

TEST(ExplainMatrix, OfATransposedLayerIsTheTranspose) {
  Random random;
  int compared = 0;
  for (int i = 0; i < 60; ++i) {
    const auto [layer, input] = test::random_conv_transpose2d(random, DType::float64);
    const ConvTranspose2dOptions& o = layer.options();
    const Tensor output = layer(input);
    const Conv2d conv(Conv2dOptions{.in_channels = o.out_channels,
                                    .out_channels = o.in_channels,
                                    .kernel_size = o.kernel_size,
                                    .stride = o.stride,
                                    .padding = o.padding,
                                    .dilation = o.dilation,
                                    .groups = o.groups,
                                    .bias = false,
                                    .dtype = DType::float64},
                      layer.weight().clone());
    const SparseMatrix forward = Explanation(conv, output).matrix();
    const SparseMatrix backward = Explanation(layer, input).matrix();
    if (conv.output_sizes(output.sizes()) != input.sizes()) {
      continue;  // an output_padding of a whole stride makes room for one more window
    }
    EXPECT_EQ(dense(backward), transposed(dense(forward), forward.columns));
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST(ExplainMatrix, ABorderReadTwiceHasTwoEntriesThatAdd) {
  const Conv2dOptions options{.in_channels = 1,
                              .out_channels = 1,
                              .kernel_size = Pair(1, 3),
                              .padding = Padding(0, 1),
                              .bias = false,
                              .padding_mode = PaddingMode::replicate};
  const SparseMatrix matrix = Explanation(options, {1, 1, 3}).matrix();
  EXPECT_EQ(matrix.row_begin, (std::vector<std::int64_t>{0, 3, 6, 9}));
  EXPECT_EQ(matrix.column, (std::vector<std::int64_t>{0, 0, 1, 0, 1, 2, 1, 2, 2}));
  EXPECT_EQ(matrix.weight, (std::vector<std::int64_t>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_TRUE(matrix.values.empty());
}

TEST(ExplainMatrix, TooLargeIsRefusedByItsNumberOfEntries) {
  const Conv2dOptions options{.in_channels = 3, .out_channels = 6, .kernel_size = 5};
  const Explanation explanation(options, {3, 32, 32});
  EXPECT_EQ(std::ssize(explanation.matrix(352800).column), 352800);
  EXPECT_TRUE(refused([&] { explanation.matrix(352799); },
                      "352800 entries of the layer's matrix, but at most 352799"));
  EXPECT_TRUE(refused([&] { explanation.im2col(0, 58799); },
                      "58800 entries of the im2col matrix, but at most 58799"));
  EXPECT_TRUE(refused([&] { explanation.im2col(1); }, "there is no image 1"));
  const Conv2dOptions many{.in_channels = 1, .out_channels = 1 << 24, .kernel_size = 4096};
  const Explanation huge(many, {0, 1, 1 << 20, 1 << 20});
  EXPECT_TRUE(refused([&] { huge.matrix(); },
                      "2^63 or more rows of the layer's matrix, but at most 1048576"));
}

/// Column p*Q + q of im2col holds what output (p, q) reads: weight * im2col is the output. Small
/// whole numbers make every order of the sum give the same bits.
template <class Module>
void expect_im2col_computes(Random& random, const Module& shape, const Sizes& input_sizes) {
  Module layer = shape;
  without_bias(layer);
  copy(random.integers(layer.weight().sizes(), DType::float64), layer.mutable_weight());
  const Tensor input = random.integers(input_sizes, DType::float64);
  const Explanation explanation(layer, input);
  const Tensor output = layer(input);
  const std::int64_t batch = random.between(0, input.size(0) - 1);
  const Im2col matrix = explanation.im2col(batch);
  const std::int64_t taps = layer.weight().size(2) * layer.weight().size(3);
  ASSERT_EQ(matrix.rows, input.size(1) * taps);
  ASSERT_EQ(matrix.columns, output.size(2) * output.size(3));
  std::vector<double> sums(static_cast<std::size_t>(output.size(1) * matrix.columns));
  for (std::int64_t k = 0; k < output.size(1); ++k) {
    for (const Term& term : explanation.output({k, 0, 0, batch}).terms) {
      const std::int64_t row =
          (term.channel * layer.weight().size(2) + term.r) * layer.weight().size(3) + term.s;
      for (std::int64_t column = 0; column < matrix.columns; ++column) {
        const auto at = static_cast<std::size_t>(row * matrix.columns + column);
        double& sum = sums[static_cast<std::size_t>(k * matrix.columns + column)];
        sum = std::fma(term.weight_value.real(), matrix.values[at].real(), sum);
      }
    }
  }
  EXPECT_EQ(sums, image(output, batch));
}

TEST(ExplainIm2col, WeightTimesItIsTheOutput) {
  Random random;
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    const auto conv = test::random_conv2d(random, DType::float64);
    expect_im2col_computes(random, conv.layer, conv.input.sizes());
    const auto transposed_conv = test::random_conv_transpose2d(random, DType::float64);
    expect_im2col_computes(random, transposed_conv.layer, transposed_conv.input.sizes());
  }
}

TEST(ExplainIm2col, IsUnfold) {
  Random random;
  const Conv2d layer({.in_channels = 2,
                      .out_channels = 3,
                      .kernel_size = Pair(3, 2),
                      .stride = Pair(2, 1),
                      .padding = Padding(1, 2),
                      .dilation = Pair(1, 2)});
  const Tensor input = random.values({2, 7, 5}, DType::float32);
  const Im2col matrix = Explanation(layer, input).im2col();
  const Tensor unfolded = functional::unfold(input, Pair(3, 2), Pair(1, 2), Pair(1, 2), Pair(2, 1));
  ASSERT_EQ(unfolded.sizes(), (Sizes{matrix.rows, matrix.columns}));
  const auto expected = values_of<double>(unfolded.view().to(DType::float64));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(matrix.values[i].real(), expected[i]);
    EXPECT_EQ(matrix.source[i] == -1, matrix.values[i] == Scalar{});
  }
}

}  // namespace
}  // namespace conv2d::explain

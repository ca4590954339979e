// Separable filters: which ones are found, their bound in docs/separable.md, what happens to
// filters that are none, and what is promised of numbers that are not finite. What holds for every
// algorithm is in exact_test.cc.
#include "algorithm/algorithm.h"
#include "algorithm/separable_factors.h"
#include "plan/choose.h"
#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/separately.h"
#include "support/tensors.h"

#include <conv2d/conv2d.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace conv2d {

extern const Algorithm depthwise_rows_algorithm;
extern const Algorithm separable_algorithm;

namespace {

using testing::Configuration;
using testing::Instructions;
using testing::Random;
using testing::same_bits;

constexpr Types all_float32{};
constexpr float infinity = std::numeric_limits<float>::infinity();

/// A filter of its factors, rounded once.
std::vector<float> product(const std::vector<double>& column, const std::vector<double>& row) {
  std::vector<float> taps;
  for (const double u : column) {
    for (const double v : row) {
      taps.push_back(static_cast<float>(u * v));
    }
  }
  return taps;
}

std::vector<double> gaussian(std::int64_t size, double sigma) {
  std::vector<double> bell;
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    const double x = static_cast<double>(i) - static_cast<double>(size - 1) / 2;
    bell.push_back(std::exp(-x * x / (2 * sigma * sigma)));
    sum += bell.back();
  }
  std::transform(bell.begin(), bell.end(), bell.begin(), [&](double x) { return x / sum; });
  return bell;
}

struct Factors {
  std::vector<float> column, row;
};

std::optional<Factors> factors_of(const std::vector<float>& taps, std::int64_t rows) {
  const auto columns = static_cast<std::int64_t>(taps.size()) / rows;
  Factors found{std::vector<float>(at(rows)), std::vector<float>(at(columns))};
  if (!separable::factor(taps.data(), rows, columns, found.column.data(), found.row.data())) {
    return std::nullopt;
  }
  return found;
}

/// The largest difference of a weight from its product, in units of 2^-24 of the weight; more than
/// any where there are no factors.
double units_off(const std::vector<float>& taps, std::int64_t rows) {
  const auto found = factors_of(taps, rows);
  if (!found) {
    return std::numeric_limits<double>::infinity();
  }
  double most = 0;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const double w = taps[i];
    const double uv = static_cast<double>(found->column[i / found->row.size()]) *
                      static_cast<double>(found->row[i % found->row.size()]);
    most = std::max(most, w == uv ? 0 : std::abs(w - uv) / std::abs(w) * 0x1p24);
  }
  return most;
}

TEST(Separable, FindsTheFactorsOfUsualFilters) {
  const std::vector<double> ones(9, 1.0);
  EXPECT_LE(units_off(product(gaussian(5, 1), gaussian(5, 1)), 5), 5);
  EXPECT_LE(units_off(product(gaussian(15, 2.5), gaussian(15, 2.5)), 15), 5);
  EXPECT_LE(units_off(product(gaussian(31, 5), gaussian(7, 1)), 31), 5);
  EXPECT_EQ(units_off(std::vector<float>(81, 1.0F / 81), 9), 0);            // a box
  EXPECT_EQ(units_off(product({1, 4, 6, 4, 1}, {-1, -2, 0, 2, 1}), 5), 0);  // Sobel's
  EXPECT_EQ(
      units_off(product({1, 4, 6, 4, 1}, {1 / 256., 4 / 256., 6 / 256., 4 / 256., 1 / 256.}), 5),
      0);
  EXPECT_EQ(units_off(product({0, 0, 1, 0, 0}, {0, 3, 0, 0, 0}), 5), 0);
}

/// By PyTorch's or NumPy's single precision: the exponential of a sum of squares.
TEST(Separable, FindsAGaussianThatWasRoundedOnTheWay) {
  std::vector<float> taps;
  float sum = 0;
  for (int r = -3; r <= 3; ++r) {
    for (int s = -3; s <= 3; ++s) {
      taps.push_back(std::exp(-static_cast<float>(r * r + s * s) / (2 * 1.5F * 1.5F)));
      sum += taps.back();
    }
  }
  std::transform(taps.begin(), taps.end(), taps.begin(), [&](float x) { return x / sum; });
  EXPECT_LE(units_off(taps, 7), separable::most_units);
}

TEST(Separable, FactorsOfWholeNumbersAreWhole) {
  const auto found = factors_of(product({3, 6, -9, 0, 12}, {5, 10, -20, 15, 35}), 5);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->column, (std::vector<float>{1, 2, -3, 0, 4}));
  EXPECT_EQ(found->row, (std::vector<float>{15, 30, -60, 45, 105}));
}

TEST(Separable, FindsTheFactorsOfAnyProduct) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    std::vector<double> column(at(random.between(5, 20)));
    std::vector<double> row(at(random.between(5, 20)));
    const auto draw = [&] { return random.between(0, 9) == 0 ? 0 : random.normal(); };
    std::generate(column.begin(), column.end(), draw);
    std::generate(row.begin(), row.end(), draw);
    column.front() = row.back() = 1;
    ASSERT_LE(units_off(product(column, row), static_cast<std::int64_t>(column.size())), 5);
  }
}

TEST(Separable, FindsNoFactorsWhereThereAreNone) {
  const std::vector<float> bell = product(gaussian(5, 1), gaussian(5, 1));
  const auto with = [&](std::size_t i, float weight) {
    std::vector<float> taps = bell;
    taps[i] = weight;
    return taps;
  };
  for (std::size_t i = 0; i < bell.size(); ++i) {
    EXPECT_FALSE(factors_of(with(i, bell[i] * (1 + 0x1p-18F)), 5)) << i;
    EXPECT_FALSE(factors_of(with(i, 0), 5)) << i;
    EXPECT_FALSE(factors_of(with(i, infinity), 5)) << i;
    EXPECT_FALSE(factors_of(with(i, std::nanf("")), 5)) << i;
  }
  EXPECT_FALSE(factors_of(std::vector<float>(25, 0.0F), 5));
  EXPECT_FALSE(factors_of(std::vector<float>(25, std::nanf("")), 5));
  EXPECT_FALSE(factors_of({1, 2, 3, 4}, 2));
  // A column of whole numbers up to 2^70, and a row of which one factor has too few bits.
  EXPECT_FALSE(factors_of(product({0x1p-60, 0x1p-30, 1, 0x1p-70}, {1, 1, 1, 1}), 4));
  EXPECT_FALSE(factors_of(product({1, 3, 0x1p40, 1, 1}, {1.1 * 0x1p-140, 1, 1, 1, 1}), 5));
}

struct FilterLayer {
  Configuration c;
  Tensor x, w, bias;

  Problem problem() const { return testing::problem_of(c, all_float32, true); }
  Tensor definition(DType result) const {
    return testing::reference_forward(c, x, w, bias.to(result), result);
  }
};

/// A filter of these taps a channel, over a picture with some padding.
FilterLayer filter_layer_of(Random& random, const std::vector<float>& taps, std::int64_t rows,
                            std::int64_t channels = 1) {
  const auto columns = static_cast<std::int64_t>(taps.size()) / rows;
  Configuration c;
  c.arguments.padding_mode = static_cast<PaddingMode>(random.between(0, 3));
  c.arguments.groups = channels;
  const auto pad = [&](std::int64_t kernel) { return random.between(0, kernel); };
  const Padding padding(pad(rows), pad(rows), pad(columns), pad(columns));
  c.arguments.padding = padding;
  c.input = {2, channels, random.between(40, 50) + rows, random.between(40, 70) + columns};
  c.weight = {channels, 1, rows, columns};
  c.output = {2, channels, c.input[2] + padding.top() + padding.bottom() - rows + 1,
              c.input[3] + padding.left() + padding.right() - columns + 1};
  Tensor w(c.weight);
  for (std::int64_t i = 0; i < w.numel(); ++i) {
    w.data<float>()[i] = taps[at(i) % taps.size()];
  }
  return {c, random.values(c.input, DType::float32), w.clone(),
          random.values({channels}, DType::float32)};
}

FilterLayer bell_layer(Random& random, std::int64_t size = 7) {
  return filter_layer_of(random, product(gaussian(size, 1.5), gaussian(size, 2)), size);
}

Tensor filtered(const FilterLayer& layer) {
  EXPECT_FALSE(separable_algorithm.refuses(layer.problem())) << layer.c;
  Tensor y(layer.c.output);
  run(separable_algorithm, layer.problem(), {layer.x, layer.w, layer.bias, y});
  return y;
}

Tensor magnitudes(const Tensor& tensor) {
  Tensor copy = tensor.clone();
  std::transform(copy.data<float>(), copy.data<float>() + copy.numel(), copy.data<float>(),
                 [](float x) { return std::abs(x); });
  return copy;
}

/// |y - truth| <= gamma(R + S + 14 + 1) * (sum of |x||w| + |bias|), docs/separable.md; two
/// roundings more where products are not fused. Of a filter whose weights add up to 1, numbers
/// below the least normal one, 2^-126, count as that: they are rounded by as much.
void expect_within_bound(const FilterLayer& layer, std::string_view instructions) {
  const Tensor y = filtered(layer);
  const Tensor truth = layer.definition(DType::float64);
  const FilterLayer sizes{layer.c, magnitudes(layer.x), layer.w.clone(), magnitudes(layer.bias)};
  const Tensor absolute = sizes.definition(DType::float64);
  const auto roundings =
      static_cast<double>(layer.c.weight[2] + layer.c.weight[3] + 15 +
                          (testing::has_fused_multiply_add(instructions) ? 0 : 2));
  const double nu = roundings * 0x1p-24;
  for (std::int64_t j = 0; j < y.numel(); ++j) {
    ASSERT_LE(std::abs(static_cast<double>(y.data<float>()[j]) - truth.data<double>()[j]),
              nu / (1 - nu) * std::max(absolute.data<double>()[j], 0x1p-126))
        << instructions << ", " << layer.c << ", output " << j;
  }
}

TEST(Separable, StaysWithinItsBoundOnEveryInstructionSet) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < 5 && !HasFatalFailure(); ++i) {
      expect_within_bound(bell_layer(random, random.between(5, 17)), name);
    }
  }
}

/// Zeros in their place would lie far beyond it.
TEST(Separable, StaysWithinItsBoundForSubnormalNumbers) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    FilterLayer layer = bell_layer(random);
    layer.bias = Tensor::full(layer.bias.sizes(), 0x1p-128);
    for (std::int64_t i = 0; i < layer.x.numel(); ++i) {
      layer.x.data<float>()[i] = std::tanh(layer.x.data<float>()[i]) * 0x1p-126F;
    }
    expect_within_bound(layer, name);
  }
}

TEST(Separable, WholeNumbersComeOutWhole) {
  Random random;
  FilterLayer layer = filter_layer_of(random, product({3, 6, -9, 0, 12}, {5, 1, -2, 0, 3}), 5);
  layer.x = random.integers(layer.c.input, DType::float32);
  layer.bias = random.integers({1}, DType::float32);
  EXPECT_TRUE(same_bits(filtered(layer), layer.definition(DType::float32)));
}

TEST(Separable, FusedInstructionsGiveTheSameBits) {
  Random random;
  for (int i = 0; i < 20; ++i) {
    const FilterLayer layer = bell_layer(random, random.between(5, 17));
    const Tensor expected = filtered(layer);
    for (const auto name : simd::instruction_sets()) {
      if (testing::has_fused_multiply_add(name)) {
        const Instructions scope(name);
        ASSERT_TRUE(same_bits(filtered(layer), expected)) << name << ", " << layer.c;
      }
    }
  }
}

TEST(Separable, WidePicturesAreCutIntoTiles) {
  Random random;
  FilterLayer layer = filter_layer_of(random, product(gaussian(7, 1.5), gaussian(7, 2)), 7, 2);
  for (Sizes* sizes : {&layer.c.input, &layer.c.output}) {
    (*sizes)[0] = 1;
    (*sizes)[2] -= 30;
    (*sizes)[3] += 6500;
  }
  layer.x = random.values(layer.c.input, DType::float32);
  layer.bias = Tensor::full({2}, 0.5);
  const Tensor y = filtered(layer);
  const Tensor wanted = layer.definition(DType::float64);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    ASSERT_NEAR(y.data<float>()[i], wanted.data<double>()[i], 1e-5) << layer.c << ", output " << i;
  }
  Tensor turned = Tensor(layer.c.output).clone(MemoryFormat::channels_last);
  run(separable_algorithm, layer.problem(),
      {layer.x.clone(MemoryFormat::channels_last), layer.w, layer.bias, turned});
  EXPECT_TRUE(same_bits(turned, y));
  const functional::Epilogue epilogue{.residual = y, .low = 0};
  Tensor finished(layer.c.output);
  run(separable_algorithm, layer.problem(),
      {layer.x, layer.w, layer.bias, finished, nullptr, &epilogue});
  EXPECT_TRUE(same_bits(finished, testing::finished_separately(y, epilogue)));
}

/// Bits of the definition's, and the epilogue once.
void expect_the_definition(const FilterLayer& layer) {
  Tensor expected(layer.c.output);
  run(depthwise_rows_algorithm, layer.problem(), {layer.x, layer.w, layer.bias, expected});
  EXPECT_TRUE(same_bits(filtered(layer), expected)) << layer.c;
  const functional::Epilogue epilogue{.residual = expected, .low = 0};
  Tensor finished(layer.c.output);
  run(separable_algorithm, layer.problem(),
      {layer.x, layer.w, layer.bias, finished, nullptr, &epilogue});
  EXPECT_TRUE(same_bits(finished, testing::finished_separately(expected, epilogue)));
}

TEST(Separable, OtherFiltersAreComputedByTheDefinition) {
  Random random;
  FilterLayer layer = filter_layer_of(random, product(gaussian(5, 1), gaussian(5, 1)), 5, 3);
  layer.w.data<float>()[30] *= 1.001F;  // one of the three filters
  expect_the_definition(layer);
  layer.w = random.values(layer.c.weight, DType::float32);
  expect_the_definition(layer);
  layer.w = Tensor(layer.c.weight);
  expect_the_definition(layer);
}

/// A weight that was packed for pictures of one size and memory format serves those of others.
TEST(Separable, WeightsPackedForAnotherFormatServe) {
  Random random;
  for (const bool factors : {true, false}) {
    FilterLayer layer = filter_layer_of(random, product(gaussian(5, 1), gaussian(5, 1)), 5, 3);
    if (!factors) {
      layer.w = random.values(layer.c.weight, DType::float32);
    }
    const Tensor expected = filtered(layer);
    Problem other = in_format(layer.problem(), MemoryFormat::channels_last);
    const Tensor packed = pack(separable_algorithm, other, layer.w);
    Tensor y(layer.c.output);
    run_packed(separable_algorithm, layer.problem(), {layer.x, packed, layer.bias, y}, packed);
    EXPECT_TRUE(same_bits(y, expected));
    const Tensor turned = layer.x.clone(MemoryFormat::channels_last);
    run_packed(separable_algorithm, other, {turned, packed, layer.bias, y}, packed);
    EXPECT_TRUE(same_bits(y, expected));
  }
}

/// Infinite and NaN outputs are the definition's, and so is which outputs are neither.
void expect_the_definitions_infinities(const FilterLayer& layer) {
  const Tensor wanted = layer.definition(DType::float32);
  for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    Tensor y = Tensor(layer.c.output).clone(format);
    run(separable_algorithm, layer.problem(), {layer.x.clone(format), layer.w, layer.bias, y});
    const Tensor got = y.clone(MemoryFormat::contiguous);
    for (std::int64_t i = 0; i < got.numel(); ++i) {
      const float a = got.data<float>()[i];
      const float b = wanted.data<float>()[i];
      ASSERT_EQ(std::isfinite(a), std::isfinite(b)) << layer.c << ", output " << i;
      ASSERT_EQ(std::isnan(a), std::isnan(b)) << layer.c << ", output " << i;
      if (std::isinf(b)) {
        ASSERT_EQ(a, b) << layer.c << ", output " << i;
      }
    }
  }
}

TEST(Separable, InfinitiesAndNaNsAreTheDefinitions) {
  Random random;
  const float bad[] = {infinity, -infinity, std::nanf("")};
  for (int i = 0; i < 24; ++i) {
    // Factors with zeros and both signs: zero times infinity is NaN, and so are two infinities.
    FilterLayer layer =
        filter_layer_of(random, product({1, 4, 0, -4, 1}, {-1, -2, 0, 2, 1, 0, 3}), 5);
    for (std::int64_t j = 0; j < 6; ++j) {
      layer.x.data<float>()[random.between(0, layer.x.numel() - 1)] = bad[random.between(0, 2)];
    }
    expect_the_definitions_infinities(layer);
    layer.bias.data<float>()[0] = bad[random.between(0, 2)];
    expect_the_definitions_infinities(layer);
  }
}

TEST(Separable, LargeNumbersDoNotOverflowOnTheWay) {
  Random random;
  FilterLayer layer =
      filter_layer_of(random, product({1, 10, 11, 10, 1}, {1e-3, 2e-3, 2e-3, 1e-3, 1e-4}), 5, 3);
  layer.bias = Tensor::full({3}, 0.5);
  for (std::int64_t i = 0; i < layer.x.numel(); ++i) {
    layer.x.data<float>()[i] = std::clamp(layer.x.data<float>()[i], -2.0F, 2.0F) * 1e38F;
  }
  expect_the_definitions_infinities(layer);
  layer.x.data<float>()[17] = infinity;
  expect_the_definitions_infinities(layer);
}

std::string separable_refusal(const Sizes& input, const Sizes& weight,
                              const functional::Conv2dArguments& arguments,
                              const Types& types = all_float32) {
  const Problem problem = conv2d_problem(input, weight, false, types, arguments).value();
  return std::string(separable_algorithm.refuses(problem).value_or("nothing"));
}

TEST(Separable, SaysWhatItIsNotFor) {
  const Sizes x = {1, 1, 64, 64};
  const Sizes w = {1, 1, 5, 5};
  EXPECT_EQ(separable_refusal(x, w, {}), "nothing");
  const Types doubles{DType::float64, DType::float64, DType::float64};
  EXPECT_EQ(separable_refusal(x, w, {}, doubles), "only float32");
  EXPECT_EQ(separable_refusal(x, w, {.precision = Precision::exact}),
            "only where precision is default: its sums round otherwise than the definition's");
  const Problem layer = conv2d_problem(x, w, false, all_float32, {}).value();
  EXPECT_EQ(separable_algorithm.refuses(layer.with(Pass::backward_data, Conjugate::neither)),
            "only the forward pass");
  const auto begins = [](const std::string& text, const char* with) {
    return text.find(with) == 0;
  };
  EXPECT_TRUE(
      begins(separable_refusal({1, 2, 64, 64}, {1, 2, 5, 5}, {}), "only for one input channel"));
  EXPECT_TRUE(begins(separable_refusal({1, 5, 64, 64}, {5, 1, 5, 5}, {.groups = 5}),
                     "only for the channels"));
  EXPECT_TRUE(begins(separable_refusal(x, {17, 1, 5, 5}, {}), "only for 16 filters"));
  EXPECT_TRUE(begins(separable_refusal(x, {1, 1, 5, 4}, {}), "only for kernels of 5x5"));
  EXPECT_TRUE(
      begins(separable_refusal(x, {4, 1, 7, 6}, {}), "with 4 filters of a channel and more"));
  EXPECT_EQ(separable_refusal(x, {4, 1, 7, 7}, {}), "nothing");
  EXPECT_TRUE(begins(separable_refusal(x, w, {.stride = Pair(1, 2)}), "only for stride 1"));
  EXPECT_TRUE(begins(separable_refusal(x, w, {.dilation = Pair(2, 1)}), "only for stride 1"));
  EXPECT_TRUE(begins(separable_refusal({1, 1, 30, 30}, w, {}), "maps of less than 1024 pixels"));
}

TEST(Separable, APlanSaysWhoComputesWhat) {
  const auto plan_of = [](std::int64_t channels, std::int64_t taps) {
    return Plan::conv2d({1, channels, 64, 64}, {channels, 1, taps, taps}, false, DType::float32,
                        {.groups = channels});
  };
  const Plan plan = plan_of(3, 7);
  EXPECT_EQ(plan.algorithm(), "separable");
  EXPECT_EQ(plan_of(1, 5).algorithm(), "separable");
  EXPECT_EQ(plan_of(3, 5).algorithm(), "depthwise_rows");
  EXPECT_NE(plan.pieces().tile.find("else, by depthwise_rows, "), std::string::npos);
  EXPECT_GT(plan.pieces().efficiency, 0);
  EXPECT_GT(plan.workspace_bytes(), 0U);
  EXPECT_EQ(plan.error_bound(), plan.with_algorithm("depthwise_rows").error_bound());
}

}  // namespace
}  // namespace conv2d

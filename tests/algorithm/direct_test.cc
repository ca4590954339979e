// Direct convolution against the reference, on every instruction set of this machine.
#include <conv2d/plan.h>

#include "algorithm/algorithm.h"
#include "plan/choose.h"
#include "reference/reference.h"
#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace conv2d {

extern const Algorithm direct_algorithm;

namespace {

using testing::Configuration;
using testing::Instructions;
using testing::Random;
using testing::random_configuration;
using testing::same_bits;
using testing::Threads;

constexpr int direct_runs = 120;

/// Random in all that a configuration has, with channels enough for the algorithm.
Configuration wide_configuration(Random& random) {
  Configuration c = random_configuration(random);
  constexpr std::int64_t inputs[] = {1, 2, 3, 15, 16, 17, 33, 70};
  constexpr std::int64_t outputs[] = {8, 9, 16, 24, 31, 48, 64, 81};
  const std::int64_t channels = inputs[random.between(0, 7)];
  const std::int64_t filters = c.arguments.groups * outputs[random.between(0, 7)];
  c.input[1] = c.arguments.groups * channels;
  c.weight[0] = c.output[1] = filters;
  c.weight[1] = channels;
  return c;
}

struct Operand {
  Tensor x, w, bias;

  Operand(Random& random, const Configuration& c)
      : x(random.values(c.input, DType::float32)),
        w(random.values(c.weight, DType::float32)),
        bias(random.values({c.output[1]}, DType::float32)) {}
};

Tensor direct(const Configuration& c, const Operand& o,
              MemoryFormat result = MemoryFormat::contiguous) {
  Tensor y = Tensor::full(c.output, std::nan("")).clone(result);
  const Types types{DType::float32, DType::float32, DType::float32};
  const Problem problem = testing::problem_of(c, types, true);
  EXPECT_FALSE(direct_algorithm.refuses(problem));
  run(direct_algorithm, problem, {o.x, o.w, o.bias, y});
  return y;
}

/// The largest error that n = (C/G)*R*S multiply-adds and the bias may add up to, in any order:
/// gamma(n + 1) * (sum of |x||w| + |bias|), gamma(n) = n*u / (1 - n*u) (Higham, Accuracy and
/// Stability of Numerical Algorithms, 2002, section 3.1). Products that are not fused round once
/// more each, hence n + 2.
void expect_within_bound(const Configuration& c, const Operand& o, const Tensor& y) {
  const auto magnitude = [](const Tensor& tensor) {
    Tensor copy = tensor.clone();
    for (std::int64_t i = 0; i < copy.numel(); ++i) {
      copy.data<float>()[i] = std::abs(copy.data<float>()[i]);
    }
    return copy;
  };
  const Tensor bias = o.bias.to(DType::float64);
  const Tensor bias_magnitude = magnitude(o.bias).to(DType::float64);
  const Tensor exact = testing::reference_forward(c, o.x, o.w, bias, DType::float64);
  const Tensor absolute =
      testing::reference_forward(c, magnitude(o.x), magnitude(o.w), bias_magnitude, DType::float64);
  const auto got = testing::values_of<float>(y);
  const auto n = static_cast<double>(c.weight[1] * c.weight[2] * c.weight[3] + 2);
  const double u = std::ldexp(1.0, -24);
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    const double allowed = n * u / (1 - n * u) * absolute.data<double>()[i];
    ASSERT_LE(
        std::abs(static_cast<double>(got[static_cast<std::size_t>(i)]) - exact.data<double>()[i]),
        allowed)
        << c << ", element " << i;
  }
}

bool has_fused_multiply_add(std::string_view name) { return name != "SSE4" && name != "SSSE3"; }

TEST(Direct, IsTheReferenceOnEveryInstructionSet) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < direct_runs && !::testing::Test::HasFatalFailure(); ++i) {
      const Configuration c = wide_configuration(random);
      const Operand operand(random, c);
      const Tensor y = direct(c, operand);
      expect_within_bound(c, operand, y);
      if (has_fused_multiply_add(name)) {
        ASSERT_TRUE(same_bits(
            y, testing::reference_forward(c, operand.x, operand.w, operand.bias, DType::float32)))
            << name << ", " << c;
      }
    }
  }
}

/// x and w in every memory format, and x in strides that are neither.
TEST(Direct, MemoryFormatsChangeNoBit) {
  Random random;
  constexpr auto last = MemoryFormat::channels_last;
  for (int i = 0; i < direct_runs; ++i) {
    const Configuration c = wide_configuration(random);
    const Operand plain(random, c);
    const Tensor expected = direct(c, plain);
    Operand turned(random, c);
    turned.x = plain.x.clone(last);
    turned.w = plain.w.clone(last);
    turned.bias = plain.bias.clone();
    ASSERT_TRUE(same_bits(direct(c, turned, last), expected)) << c;
    ASSERT_TRUE(same_bits(direct(c, turned), expected)) << c;
    Tensor turned_round(Sizes{c.input[3], c.input[1], c.input[0], c.input[2]});
    const MutableTensorView odd = MutableTensorView(turned_round).permute({2, 1, 3, 0});
    for (std::int64_t j = 0; j < plain.x.numel(); ++j) {
      const std::int64_t w = j % c.input[3];
      const std::int64_t h = j / c.input[3] % c.input[2];
      const std::int64_t channel = j / c.input[3] / c.input[2] % c.input[1];
      const std::int64_t n = j / c.input[3] / c.input[2] / c.input[1];
      odd.at<float>({n, channel, h, w}) = plain.x.data<float>()[j];
    }
    const Types types{DType::float32, DType::float32, DType::float32};
    Tensor y(c.output);
    run(direct_algorithm, testing::problem_of(c, types, true), {odd, plain.w, plain.bias, y});
    ASSERT_TRUE(same_bits(y, expected)) << c;
  }
}

TEST(Direct, ThreadsAndBatchChangeNoBit) {
  Random random;
  for (int i = 0; i < direct_runs; ++i) {
    const Configuration c = wide_configuration(random);
    const Operand operand(random, c);
    const Tensor expected = direct(c, operand);
    for (const int threads : {1, 2, 5}) {
      const Threads scope(threads);
      ASSERT_TRUE(same_bits(direct(c, operand), expected)) << c << ", threads " << threads;
    }
    Configuration one = c;
    one.input[0] = one.output[0] = 1;
    for (std::int64_t n = 0; n < c.input[0]; ++n) {
      Operand image(random, one);
      image.x = TensorView(operand.x).slice(0, n, n + 1).clone();
      image.w = operand.w.clone();
      image.bias = operand.bias.clone();
      ASSERT_TRUE(same_bits(direct(one, image), TensorView(expected).slice(0, n, n + 1))) << c;
    }
  }
}

TEST(Direct, InstructionsWithFusedMultiplyAddGiveTheSameBits) {
  Random random;
  for (int i = 0; i < direct_runs; ++i) {
    const Configuration c = wide_configuration(random);
    const Operand operand(random, c);
    const Tensor expected = direct(c, operand);
    for (const auto name : simd::instruction_sets()) {
      if (has_fused_multiply_add(name)) {
        const Instructions scope(name);
        ASSERT_TRUE(same_bits(direct(c, operand), expected)) << name << ", " << c;
      }
    }
  }
}

TEST(Direct, TouchesNothingOutsideItsTensors) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < direct_runs / 2; ++i) {
      const Configuration c = wide_configuration(random);
      const auto format = random.coin() ? MemoryFormat::channels_last : MemoryFormat::contiguous;
      const bool at_end = random.coin();
      const Operand operand(random, c);
      const Types types{DType::float32, DType::float32, DType::float32};
      const Tensor x = testing::guarded(operand.x.clone(format), at_end);
      const Tensor w = testing::guarded(operand.w, at_end);
      const Tensor bias = testing::guarded(operand.bias, at_end);
      Tensor y = testing::guarded(Tensor(c.output, DType::float32, format), at_end);
      run(direct_algorithm, testing::problem_of(c, types, true), {x, w, bias, y});
      ASSERT_TRUE(same_bits(y, direct(c, operand))) << c;
    }
  }
}

/// An infinite weight over the padding changes nothing; over an element it does.
TEST(Direct, PaddingIsNoFactor) {
  Random random;
  for (int i = 0; i < direct_runs; ++i) {
    const Configuration c = wide_configuration(random);
    Operand spoilt(random, c);
    const float bad[] = {std::numeric_limits<float>::infinity(),
                         -std::numeric_limits<float>::infinity(),
                         std::numeric_limits<float>::quiet_NaN()};
    spoilt.w.data<float>()[random.between(0, spoilt.w.numel() - 1)] = bad[random.between(0, 2)];
    const Tensor expected =
        testing::reference_forward(c, spoilt.x, spoilt.w, spoilt.bias, DType::float32);
    const auto got = testing::values_of<float>(direct(c, spoilt));
    const auto wanted = testing::values_of<float>(expected);
    for (std::size_t j = 0; j < got.size(); ++j) {
      ASSERT_EQ(std::isnan(got[j]), std::isnan(wanted[j])) << c;
      ASSERT_EQ(std::isinf(got[j]), std::isinf(wanted[j])) << c;
      if (std::isinf(got[j])) {
        ASSERT_EQ(got[j], wanted[j]) << c;
      }
    }
  }
}

TEST(Direct, WithoutInputChannelsThereIsTheBias) {
  Random random;
  const Configuration c{
      .input = {2, 0, 4, 3}, .weight = {9, 0, 2, 2}, .output = {2, 9, 3, 2}, .arguments = {}};
  const Operand operand(random, c);
  const auto got = testing::values_of<float>(direct(c, operand));
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i], operand.bias.data<float>()[i / 6 % 9]);
  }
}

TEST(Direct, WithoutABatchThereIsNothing) {
  Random random;
  const Configuration c{
      .input = {0, 3, 4, 3}, .weight = {9, 3, 2, 2}, .output = {0, 9, 3, 2}, .arguments = {}};
  EXPECT_TRUE(direct(c, Operand(random, c)).empty());
}

/// The output's rows and columns run backwards in memory.
TEST(Direct, WritesThroughNegativeStrides) {
  Random random;
  const Configuration c{
      .input = {2, 3, 6, 5}, .weight = {16, 3, 2, 2}, .output = {2, 16, 5, 4}, .arguments = {}};
  const Operand operand(random, c);
  const Types types{DType::float32, DType::float32, DType::float32};
  std::vector<float> memory(2 * 16 * 5 * 4);
  const Strides strides{5 * 4 * 16, 1, -4 * 16, -16};
  const MutableTensorView y(memory.data() + (5 * 4 - 1) * 16, DType::float32, c.output, strides);
  run(direct_algorithm, testing::problem_of(c, types, true),
      {operand.x, operand.w, operand.bias, y});
  EXPECT_TRUE(same_bits(y, direct(c, operand)));
}

TEST(Direct, RefusesAWeightPackedForOtherInstructions) {
  const auto sets = simd::instruction_sets();
  if (sets.size() < 2) {
    GTEST_SKIP() << "only " << sets.front();
  }
  const Tensor x({1, 8, 6, 6});
  const Plan plan = Plan::conv2d(x.sizes(), {16, 8, 3, 3}, false, DType::float32, {},
                                 MemoryFormat::channels_last);
  Tensor y(plan.output_sizes());
  const PackedWeight packed = plan.pack(Tensor({16, 8, 3, 3}));
  const Instructions scope("SSE4");
  EXPECT_TRUE(testing::refused([&] { plan.run(x, packed, std::nullopt, y); },
                               "packed for other vector instructions"));
}

TEST(Direct, SaysWhatItDoesNotDo) {
  const Configuration c{
      .input = {1, 3, 4, 3}, .weight = {9, 3, 2, 2}, .output = {1, 9, 3, 2}, .arguments = {}};
  const Types floats{DType::float32, DType::float32, DType::float32};
  const Problem problem = testing::problem_of(c, floats);
  EXPECT_FALSE(direct_algorithm.refuses(problem));
  EXPECT_EQ(direct_algorithm.refuses(problem.with(Pass::backward_data, Conjugate::neither)),
            "only the forward pass");
  Problem narrow = problem;
  narrow.out_channels = 7;
  EXPECT_NE(direct_algorithm.refuses(narrow)->find("fewer than 8"), std::string_view::npos);
  const Types doubles{DType::float64, DType::float64, DType::float64};
  EXPECT_EQ(direct_algorithm.refuses(testing::problem_of(c, doubles)), "only float32");
}

}  // namespace
}  // namespace conv2d

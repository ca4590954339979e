// Direct convolution against the reference, on every instruction set of this machine.
#include <conv2d/plan.h>

#include "algorithm/properties.h"

#include <string_view>

namespace conv2d {

extern const Algorithm direct_algorithm;

namespace {

using testing::Configuration;
using testing::Instructions;
using testing::Operand;
using testing::Random;
using testing::random_configuration;
using testing::same_bits;
using testing::types_of;

constexpr int direct_runs = 120;

template <class T>
class Direct : public ::testing::Test {};

using ElementTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Direct, ElementTypes);

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

template <class T>
Tensor direct(const Configuration& c, const Operand<T>& o) {
  return testing::result_of(direct_algorithm, c, o);
}

/// The largest error that n = (C/G)*R*S multiply-adds and the bias may add up to, in any order:
/// gamma(n + 1) * (sum of |x||w| + |bias|). Products that are not fused round once more each, hence
/// n + 2. The float64 sum that judges has an error of its own.
template <class T>
void expect_within_bound(const Configuration& c, const Operand<T>& o, const Tensor& y) {
  const Tensor bias = o.bias.to(DType::float64);
  const Tensor exact = testing::reference_forward(c, o.x, o.w, bias, DType::float64);
  const Tensor absolute =
      testing::reference_forward(c, testing::magnitude(o.x), testing::magnitude(o.w),
                                 testing::magnitude(o.bias), DType::float64);
  const auto got = testing::values_of<T>(y);
  const auto n = static_cast<double>(c.weight[1] * c.weight[2] * c.weight[3] + 2);
  const double errors = testing::gamma<T>(n) + testing::gamma<double>(n);
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    ASSERT_LE(
        std::abs(static_cast<double>(got[static_cast<std::size_t>(i)]) - exact.data<double>()[i]),
        errors * absolute.data<double>()[i])
        << c << ", element " << i;
  }
}

TYPED_TEST(Direct, IsTheReferenceOnEveryInstructionSet) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < direct_runs && !::testing::Test::HasFatalFailure(); ++i) {
      const Configuration c = wide_configuration(random);
      const Operand<TypeParam> operand(random, c);
      const Tensor y = direct(c, operand);
      expect_within_bound(c, operand, y);
      if (testing::has_fused_multiply_add(name)) {
        ASSERT_TRUE(same_bits(y, testing::reference_forward(c, operand.x, operand.w, operand.bias,
                                                            dtype_of<TypeParam>)))
            << name << ", " << c;
      }
    }
  }
}

TYPED_TEST(Direct, MemoryFormatsChangeNoBit) {
  testing::expect_memory_formats_change_no_bit<TypeParam>(direct_algorithm, direct_runs,
                                                          wide_configuration);
}

/// Pixels so far apart are copied even where channels lie side by side.
TYPED_TEST(Direct, PixelsAPowerOfTwoApartChangeNoBit) {
  testing::expect_memory_formats_change_no_bit<TypeParam>(direct_algorithm, 2, [](Random&) {
    return Configuration{.input = {2, 512, 5, 4},
                         .weight = {9, 512, 3, 3},
                         .output = {2, 9, 5, 4},
                         .arguments = {.padding = 1}};
  });
}

TYPED_TEST(Direct, ThreadsAndBatchChangeNoBit) {
  testing::expect_threads_and_batch_change_no_bit<TypeParam>(direct_algorithm, direct_runs,
                                                             wide_configuration);
}

TYPED_TEST(Direct, InstructionsWithFusedMultiplyAddGiveTheSameBits) {
  testing::expect_fused_instructions_give_the_same_bits<TypeParam>(direct_algorithm, direct_runs,
                                                                   wide_configuration);
}

TYPED_TEST(Direct, TouchesNothingOutsideItsTensors) {
  testing::expect_nothing_touched_outside<TypeParam>(direct_algorithm, direct_runs / 2,
                                                     wide_configuration);
}

/// An infinite weight over the padding changes nothing; over an element it does.
TYPED_TEST(Direct, PaddingIsNoFactor) {
  using T = TypeParam;
  Random random;
  for (int i = 0; i < direct_runs; ++i) {
    const Configuration c = wide_configuration(random);
    Operand<T> spoilt(random, c);
    const T bad[] = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                     std::numeric_limits<T>::quiet_NaN()};
    spoilt.w.template data<T>()[random.between(0, spoilt.w.numel() - 1)] =
        bad[random.between(0, 2)];
    const Tensor expected =
        testing::reference_forward(c, spoilt.x, spoilt.w, spoilt.bias, dtype_of<T>);
    const auto got = testing::values_of<T>(direct(c, spoilt));
    const auto wanted = testing::values_of<T>(expected);
    for (std::size_t j = 0; j < got.size(); ++j) {
      ASSERT_EQ(std::isnan(got[j]), std::isnan(wanted[j])) << c;
      ASSERT_EQ(std::isinf(got[j]), std::isinf(wanted[j])) << c;
      if (std::isinf(got[j])) {
        ASSERT_EQ(got[j], wanted[j]) << c;
      }
    }
  }
}

TYPED_TEST(Direct, WithoutInputChannelsThereIsTheBias) {
  Random random;
  const Configuration c{
      .input = {2, 0, 4, 3}, .weight = {9, 0, 2, 2}, .output = {2, 9, 3, 2}, .arguments = {}};
  const Operand<TypeParam> operand(random, c);
  const auto got = testing::values_of<TypeParam>(direct(c, operand));
  const auto bias = testing::values_of<TypeParam>(operand.bias);
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i], bias[i / 6 % 9]);
  }
}

TYPED_TEST(Direct, WithoutABatchThereIsNothing) {
  Random random;
  const Configuration c{
      .input = {0, 3, 4, 3}, .weight = {9, 3, 2, 2}, .output = {0, 9, 3, 2}, .arguments = {}};
  EXPECT_TRUE(direct(c, Operand<TypeParam>(random, c)).empty());
}

TYPED_TEST(Direct, WritesThroughNegativeStrides) {
  const Configuration c{
      .input = {2, 3, 6, 5}, .weight = {16, 3, 2, 2}, .output = {2, 16, 5, 4}, .arguments = {}};
  testing::expect_negative_strides_are_written<TypeParam>(direct_algorithm, c);
}

TYPED_TEST(Direct, RefusesAWeightPackedForOtherInstructions) {
  const auto sets = simd::instruction_sets();
  if (sets.size() < 2) {
    GTEST_SKIP() << "only " << sets.front();
  }
  constexpr DType dtype = dtype_of<TypeParam>;
  const Tensor x({1, 8, 6, 6}, dtype);
  const Plan plan =
      Plan::conv2d(x.sizes(), {16, 8, 3, 3}, false, dtype, {}, MemoryFormat::channels_last);
  Tensor y(plan.output_sizes(), dtype);
  const PackedWeight packed = plan.pack(Tensor({16, 8, 3, 3}, dtype));
  const Instructions scope("SSE4");
  EXPECT_TRUE(testing::refused([&] { plan.run(x, packed, std::nullopt, y); },
                               "packed for other vector instructions"));
}

TYPED_TEST(Direct, SaysWhatItDoesNotDo) {
  const Configuration c{
      .input = {1, 3, 4, 3}, .weight = {9, 3, 2, 2}, .output = {1, 9, 3, 2}, .arguments = {}};
  const Problem problem = testing::problem_of(c, types_of<TypeParam>);
  EXPECT_FALSE(direct_algorithm.refuses(problem));
  EXPECT_EQ(direct_algorithm.refuses(problem.with(Pass::backward_data, Conjugate::neither)),
            "only the forward pass");
  Problem narrow = problem;
  narrow.out_channels = 7;
  EXPECT_NE(direct_algorithm.refuses(narrow)->find("fewer than 8"), std::string_view::npos);
  Problem complex = problem;
  complex.types = types_of<complex64>;
  EXPECT_EQ(direct_algorithm.refuses(complex), "only float32 and float64");
}

}  // namespace
}  // namespace conv2d

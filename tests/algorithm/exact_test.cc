// What every algorithm keeps to: the same bits in every memory format, number of threads and batch
// size. Those that keep the definition's sums have the reference's bits besides, where vectors have
// fused multiply-adds.
#include "algorithm/algorithm.h"

#include "algorithm/subjects.h"
#include "plan/choose.h"
#include "reference/reference.h"
#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/separately.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::has_fused_multiply_add;
using testing::Instructions;
using testing::Operand;
using testing::Random;
using testing::same_bits;
using testing::Subject;
using testing::Threads;

constexpr auto last = MemoryFormat::channels_last;

// ThreadSanitizer, an emulated processor, and a compiler that does not optimise because lines are
// counted, make a test twenty times as long; what they look for does not hide in one configuration
// among many.
#if defined(__SANITIZE_THREAD__) || defined(CONV2D_TEST_EMULATED) || !defined(__OPTIMIZE__)
constexpr int random_configurations = 12;
#elif defined(__SANITIZE_ADDRESS__)
constexpr int random_configurations = 60;
#else
constexpr int random_configurations = 120;
#endif

class AnyAlgorithm : public ::testing::TestWithParam<Subject> {
 protected:
  /// Fewer of those whose results are fifty times as many.
  int runs() const {
    return subject().long_rows ? random_configurations / 4 : random_configurations;
  }

  void SetUp() override {
    if (!testing::vectors_hold(subject().dtype)) {
      GTEST_SKIP();
    }
  }

  const Subject& subject() const { return GetParam(); }
  Configuration draw() { return subject().draw(random_); }
  Operand operand(const Configuration& c) { return {random_, c, subject()}; }

  void compute(const Configuration& c, TensorView x, TensorView w, TensorView bias,
               MutableTensorView y) const {
    const Problem problem = subject().problem(c);
    ASSERT_FALSE(subject().algorithm->refuses(problem)) << c;
    run(*subject().algorithm, problem, {x, w, bias, y});
  }

  Tensor result(const Configuration& c, const Operand& o,
                MemoryFormat format = MemoryFormat::contiguous) const {
    Tensor y = empty(c).clone(format);
    compute(c, o.x, o.w, o.bias, y);
    return y;
  }

  /// Full of what no result is.
  Tensor empty(const Configuration& c) const {
    return Tensor::full(subject().result(c), std::nan(""), subject().dtype);
  }

  Tensor reference(const Configuration& c, const Operand& o) const {
    Tensor y(subject().result(c), subject().dtype);
    run(reference_algorithm, subject().problem(c), {o.x, o.w, o.bias, y});
    return y;
  }

  Random random_;
};

/// One that keeps the definition's sums.
class Exact : public AnyAlgorithm {
 protected:
  void expect_within_bound(const Configuration& c, const Operand& o, const Tensor& y,
                           const Tensor& wanted) const;
};

Tensor magnitude(const Tensor& tensor) {
  Tensor copy = tensor.to(DType::float64);
  for (std::int64_t i = 0; i < copy.numel(); ++i) {
    copy.data<double>()[i] = std::abs(copy.data<double>()[i]);
  }
  return copy;
}

/// The largest error that n = (C/G)*R*S multiply-adds and the bias may add up to, in any order:
/// gamma(n + 1) * (sum of |x||w| + |bias|), gamma(n) = n*u / (1 - n*u) (Higham, Accuracy and
/// Stability of Numerical Algorithms, 2002, section 3.1). Products that are not fused round once
/// more each, hence n + 2; the reference is allowed as much again.
void Exact::expect_within_bound(const Configuration& c, const Operand& o, const Tensor& y,
                                const Tensor& definition) const {
  Tensor absolute(subject().result(c), DType::float64);
  run(reference_algorithm, subject().problem(c, DType::float64),
      {magnitude(o.x), magnitude(o.w), magnitude(o.bias), absolute});
  const Tensor got = y.to(DType::float64);
  const Tensor wanted = definition.to(DType::float64);
  const auto n = static_cast<double>(subject().terms(c) + 2);
  const double u = std::ldexp(1.0, y.dtype() == DType::float64 ? -53 : -24);
  for (std::int64_t i = 0; i < wanted.numel(); ++i) {
    const double allowed = 2 * n * u / (1 - n * u) * absolute.data<double>()[i];
    ASSERT_LE(std::abs(got.data<double>()[i] - wanted.data<double>()[i]), allowed)
        << c << ", element " << i;
  }
}

TEST_P(Exact, IsTheReferenceOnEveryInstructionSet) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < runs() && !HasFatalFailure(); ++i) {
      const Configuration c = draw();
      const Operand o = operand(c);
      const Tensor y = result(c, o);
      const Tensor expected = reference(c, o);
      expect_within_bound(c, o, y, expected);
      if (has_fused_multiply_add(name)) {
        ASSERT_TRUE(same_bits(y, expected)) << name << ", " << c;
      }
    }
  }
}

/// Numbers too small for the type's full precision. Products of them round to its last digit.
Tensor subnormals(Random& random, const Sizes& sizes, DType dtype) {
  Tensor drawn = random.values(sizes, DType::float64);
  const double least_normal = dtype == DType::float64 ? std::numeric_limits<double>::min()
                                                      : std::numeric_limits<float>::min();
  for (std::int64_t i = 0; i < drawn.numel(); ++i) {
    drawn.data<double>()[i] = std::tanh(drawn.data<double>()[i]) * least_normal / 2;
  }
  return drawn.to(dtype);
}

TEST_P(Exact, SubnormalNumbersAreNumbersLikeOthers) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < runs() / 12 && has_fused_multiply_add(name); ++i) {
      const Configuration c = draw();
      Operand o = operand(c);
      o.x = subnormals(random_, subject().first(c), subject().dtype);
      o.bias = subnormals(random_, o.bias.sizes(), subject().dtype);
      ASSERT_TRUE(same_bits(result(c, o), reference(c, o))) << name << ", " << c;
    }
  }
}

/// What in_odd_strides() holds, as the tensor that it was made of.
MutableTensorView odd_view(Tensor& memory) { return memory.mutable_view().permute({2, 1, 3, 0}); }

/// x's elements in strides that are no memory format.
Tensor in_odd_strides(const Tensor& x) {
  const Sizes& s = x.sizes();
  Tensor memory({s[3], s[1], s[0], s[2]}, x.dtype());
  copy(x, odd_view(memory));
  return memory;
}

TEST_P(AnyAlgorithm, MemoryFormatsChangeNoBit) {
  for (int i = 0; i < runs(); ++i) {
    const Configuration c = draw();
    const Operand plain = operand(c);
    const Tensor expected = result(c, plain);
    Operand turned = operand(c);
    turned.x = plain.x.clone(last);
    turned.w = plain.w.clone(last);
    turned.bias = plain.bias.clone();
    ASSERT_TRUE(same_bits(result(c, turned, last), expected)) << c;
    ASSERT_TRUE(same_bits(result(c, turned), expected)) << c;
    ASSERT_TRUE(same_bits(result(c, plain, last), expected)) << c;
    Tensor odd = in_odd_strides(plain.x);
    Tensor y = empty(c);
    compute(c, odd_view(odd), plain.w, plain.bias, y);
    ASSERT_TRUE(same_bits(y, expected)) << c;
    Tensor y_memory = in_odd_strides(empty(c));
    const MutableTensorView odd_y = odd_view(y_memory);
    compute(c, plain.x, plain.w, plain.bias, odd_y);
    ASSERT_TRUE(same_bits(odd_y, expected)) << c;
  }
}

TEST_P(AnyAlgorithm, ThreadsAndBatchChangeNoBit) {
  for (int i = 0; i < runs(); ++i) {
    const Configuration c = draw();
    const Operand o = operand(c);
    const Tensor expected = result(c, o);
    for (const int threads : {1, 2, 5}) {
      const Threads scope(threads);
      ASSERT_TRUE(same_bits(result(c, o), expected)) << c << ", threads " << threads;
    }
    Configuration one = c;
    one.input[0] = one.output[0] = 1;
    for (std::int64_t n = 0; n < c.input[0]; ++n) {
      Tensor y = empty(one);
      compute(one, TensorView(o.x).slice(0, n, n + 1), o.w, o.bias, y);
      ASSERT_TRUE(same_bits(y, TensorView(expected).slice(0, n, n + 1))) << c;
    }
  }
}

TEST_P(AnyAlgorithm, TouchesNothingOutsideItsTensors) {
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < runs() / 2; ++i) {
      const Configuration c = draw();
      const auto any_format = [&] { return random_.coin() ? last : MemoryFormat::contiguous; };
      const auto format = any_format();
      const bool at_end = random_.coin();
      const Operand o = operand(c);
      const Tensor x = testing::guarded(o.x.clone(format), at_end);
      const Tensor w = testing::guarded(o.w, at_end);
      const Tensor bias = testing::guarded(o.bias, at_end);
      const Tensor residual = testing::guarded(
          random_.values(subject().result(c), subject().dtype).clone(any_format()), at_end);
      functional::Epilogue epilogue{.residual = residual, .low = -0.3, .high = {}};
      if (random_.coin()) {
        epilogue = {};
      }
      Tensor y = testing::guarded(empty(c).clone(format), at_end);
      run(*subject().algorithm, subject().problem(c), {x, w, bias, y, nullptr, &epilogue});
      ASSERT_TRUE(same_bits(y, testing::finished_separately(result(c, o), epilogue))) << c;
    }
  }
}

/// To each element once, wherever pieces of the result meet.
TEST_P(AnyAlgorithm, FinishesEachResultOnce) {
  for (int i = 0; i < runs(); ++i) {
    const Configuration c = draw();
    const Operand o = operand(c);
    const auto any_format = [&] { return random_.coin() ? last : MemoryFormat::contiguous; };
    const Tensor residual =
        random_.values(subject().result(c), subject().dtype).clone(any_format());
    functional::Epilogue epilogue{.residual = residual, .low = -0.3, .high = 1.7};
    if (random_.coin()) {
      epilogue.residual.reset();
    }
    if (random_.coin()) {
      epilogue.low.reset();
    }
    Tensor y = empty(c).clone(any_format());
    const Tensor wanted = testing::finished_separately(result(c, o), epilogue);
    run(*subject().algorithm, subject().problem(c), {o.x, o.w, o.bias, y, nullptr, &epilogue});
    ASSERT_TRUE(same_bits(y, wanted)) << c;
    Tensor y_memory = in_odd_strides(empty(c));
    const MutableTensorView odd_y = odd_view(y_memory);
    run(*subject().algorithm, subject().problem(c), {o.x, o.w, o.bias, odd_y, nullptr, &epilogue});
    ASSERT_TRUE(same_bits(odd_y, wanted)) << c;
  }
}

/// An infinite weight over the padding changes nothing; over an element it does.
TEST_P(AnyAlgorithm, PaddingIsNoFactor) {
  const double bad[] = {std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(),
                        std::numeric_limits<double>::quiet_NaN()};
  for (int i = 0; i < runs(); ++i) {
    const Configuration c = draw();
    Operand o = operand(c);
    const std::int64_t spoilt = random_.between(0, o.w.numel() - 1);
    Tensor flat = o.w.to(DType::float64);
    flat.data<double>()[spoilt] = bad[random_.between(0, 2)];
    o.w = flat.to(subject().dtype);
    const auto got = testing::values_of<double>(result(c, o).to(DType::float64));
    const auto wanted = testing::values_of<double>(reference(c, o).to(DType::float64));
    for (std::size_t j = 0; j < got.size(); ++j) {
      ASSERT_EQ(std::isnan(got[j]), std::isnan(wanted[j])) << c;
      ASSERT_EQ(std::isinf(got[j]), std::isinf(wanted[j])) << c;
      if (std::isinf(got[j])) {
        ASSERT_EQ(got[j], wanted[j]) << c;
      }
    }
  }
}

TEST_P(AnyAlgorithm, WithoutChannelsThereIsTheBias) {
  if (!subject().forward()) {
    GTEST_SKIP() << "a convolution without output channels is refused";
  }
  Configuration c = draw();
  c.input[1] = c.weight[1] = 0;
  if (const auto reason = subject().algorithm->refuses(subject().problem(c))) {
    GTEST_SKIP() << *reason;
  }
  const Operand o = operand(c);
  EXPECT_TRUE(same_bits(result(c, o), reference(c, o))) << c;
}

TEST_P(AnyAlgorithm, WithoutABatchThereIsNothing) {
  Configuration c = draw();
  c.input[0] = c.output[0] = 0;
  EXPECT_TRUE(result(c, operand(c)).empty());
}

/// The output's rows and columns run backwards in memory.
TEST_P(AnyAlgorithm, WritesThroughNegativeStrides) {
  for (int i = 0; i < runs() / 4; ++i) {
    const Configuration c = draw();
    const Operand o = operand(c);
    const Sizes s = subject().result(c);
    Tensor memory({s[0], s[2], s[3], s[1]}, subject().dtype);
    const Strides strides{s[2] * s[3] * s[1], 1, -s[3] * s[1], -s[1]};
    auto* end = static_cast<std::byte*>(memory.data()) +
                static_cast<std::size_t>((s[2] * s[3] - 1) * s[1]) * element_size(subject().dtype);
    const MutableTensorView y(end, subject().dtype, s, strides);
    compute(c, o.x, o.w, o.bias, y);
    ASSERT_TRUE(same_bits(y, result(c, o))) << c;
  }
}

TEST_P(Exact, RefusesOtherPasses) {
  const Algorithm& algorithm = *subject().algorithm;
  const Problem problem = subject().problem(draw());
  for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weight}) {
    EXPECT_EQ(algorithm.refuses(problem.with(pass, Conjugate::neither)).has_value(),
              pass != subject().pass);
  }
}

TEST_P(AnyAlgorithm, RefusesOtherTypes) {
  const Algorithm& algorithm = *subject().algorithm;
  Problem other = subject().problem(draw());
  other.types = {DType::complex64, DType::complex64, DType::complex64};
  EXPECT_NE(algorithm.refuses(other)->find("only float32"), std::string_view::npos);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Exact, ::testing::ValuesIn(testing::exact_subjects()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Algorithms, AnyAlgorithm, ::testing::ValuesIn(testing::exact_subjects()),
                         testing::name_of);
INSTANTIATE_TEST_SUITE_P(Others, AnyAlgorithm, ::testing::ValuesIn(testing::other_subjects()),
                         testing::name_of);

}  // namespace
}  // namespace conv2d

// What every algorithm keeps to: the same bits in every memory format, number of threads and batch
// size. Those that keep the definition's sums have the reference's bits besides, where vectors have
// fused multiply-adds.
#include "algorithm/algorithm.h"
#include "plan/choose.h"
#include "reference/reference.h"
#include "simd/dispatch.h"
#include "support/configurations.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/separately.h"
#include "support/tensors.h"
#include "support/threads.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d {

extern const Algorithm grouped_channels_algorithm;
extern const Algorithm depthwise_rows_algorithm;
extern const Algorithm direct_algorithm;
extern const Algorithm planar_algorithm;
extern const Algorithm reference_algorithm;
extern const Algorithm separable_algorithm;
extern const Algorithm transposed_algorithm;
extern const Algorithm winograd_algorithm;

namespace {

using testing::Configuration;
using testing::has_fused_multiply_add;
using testing::Instructions;
using testing::Random;
using testing::random_configuration;
using testing::same_bits;
using testing::Threads;

constexpr auto last = MemoryFormat::channels_last;

/// An algorithm with an element type, and the configurations that it is for.
struct Subject {
  const Algorithm* algorithm;
  DType dtype;
  Configuration (*draw)(Random& random);
  Pass pass;
  /// Of the weight, where it is not just any numbers.
  Tensor (*draw_weight)(Random& random, const Sizes& sizes) = nullptr;
  MemoryFormat format = MemoryFormat::contiguous;  ///< that it is planned for
  bool long_rows = false;

  Problem problem(const Configuration& c) const { return problem(c, dtype); }
  Problem problem(const Configuration& c, DType type) const {
    const Types types{type, type, type};
    Problem problem = testing::problem_of(c, types, true).with(pass, Conjugate::neither);
    problem.bias = true;
    problem.format = format;
    return problem;
  }
  bool forward() const { return pass == Pass::forward; }
  /// Of what is read, x or dy, and of what comes out.
  Sizes first(const Configuration& c) const { return forward() ? c.input : c.output; }
  Sizes result(const Configuration& c) const { return forward() ? c.output : c.input; }
  /// Products in the longest sum.
  std::int64_t terms(const Configuration& c) const {
    const std::int64_t channels = forward() ? c.weight[1] : c.weight[0] / c.arguments.groups;
    return channels * c.weight[2] * c.weight[3];
  }
};

void PrintTo(const Subject& subject, std::ostream* out) {
  *out << subject.algorithm->name << " of " << name(subject.dtype);
}

struct Operand {
  Tensor x, w, bias;

  Operand(Random& random, const Configuration& c, const Subject& subject)
      : x(random.values(subject.first(c), subject.dtype)),
        w(subject.draw_weight == nullptr ? random.values(c.weight, subject.dtype)
                                         : subject.draw_weight(random, c.weight)),
        bias(subject.draw_weight == nullptr
                 ? random.values({subject.result(c)[1]}, subject.dtype)
                 : Tensor::full({subject.result(c)[1]}, random.normal(), subject.dtype)) {}
};

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
      const auto format = random_.coin() ? last : MemoryFormat::contiguous;
      const bool at_end = random_.coin();
      const Operand o = operand(c);
      const Tensor x = testing::guarded(o.x.clone(format), at_end);
      const Tensor w = testing::guarded(o.w, at_end);
      const Tensor bias = testing::guarded(o.bias, at_end);
      Tensor y = testing::guarded(empty(c).clone(format), at_end);
      compute(c, x, w, bias, y);
      ASSERT_TRUE(same_bits(y, result(c, o))) << c;
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

Configuration with_channels(Configuration c, std::int64_t channels, std::int64_t filters) {
  c.input[1] = c.arguments.groups * channels;
  c.weight[0] = c.output[1] = c.arguments.groups * filters;
  c.weight[1] = channels;
  return c;
}

template <std::size_t N>
std::int64_t one_of(Random& random, const std::int64_t (&values)[N]) {
  return values[random.between(0, static_cast<std::int64_t>(N) - 1)];
}

/// Without padding and strides: planes that can be read where they lie.
Configuration unpadded(Random& random) {
  const Pair kernel(random.between(1, 3), random.between(1, 3));
  const Pair output(random.between(1, 12), random.between(1, 90));
  const std::int64_t batch = random.between(1, 2);
  return {.input = {batch, 1, output.h + kernel.h - 1, output.w + kernel.w - 1},
          .weight = {1, 1, kernel.h, kernel.w},
          .output = {batch, 1, output.h, output.w},
          .arguments = {}};
}

Configuration with_longer_rows(Configuration c, std::int64_t columns) {
  c.input[3] += columns * c.arguments.stride.w;
  c.output[3] += columns;
  return c;
}

/// One channel a group and a few outputs of it, kernels of every height.
Configuration depthwise(Random& random) {
  constexpr std::int64_t taps[] = {1, 2, 3, 3, 3, 4, 5, 7, 8, 11};
  Configuration c = random_configuration(random, [&] { return one_of(random, taps); });
  if (random.coin()) {
    c.weight[3] = c.weight[2];
    c.arguments.dilation.w = c.arguments.dilation.h;
    c.arguments.padding_mode = PaddingMode::zeros;
    c.input[3] = std::max(c.input[3], c.arguments.dilation.w * c.weight[3]);
    const std::int64_t padded =
        c.input[3] + c.arguments.padding.left() + c.arguments.padding.right();
    const std::int64_t extent = c.arguments.dilation.w * (c.weight[3] - 1) + 1;
    c.output[3] = (padded - extent) / c.arguments.stride.w + 1;
  }
  const std::int64_t longer = random.between(0, 2);
  return with_channels(with_longer_rows(c, longer == 0 ? 0 : random.between(1, 40 * longer)), 1,
                       random.between(1, 5));
}

/// Planes of less than a vector up to several, by kernels that every network has.
Configuration small_planes(Random& random) {
  const std::int64_t taps = random.coin() ? 3 : 5;
  const std::int64_t stride = random.between(1, 2);
  const bool usual = random.coin();
  const auto pad = [&] { return usual ? taps / 2 : random.between(0, 3); };
  const Padding padding(pad(), pad(), pad(), pad());
  const Pair input(random.between(taps, 20), random.between(taps, random.coin() ? 20 : 70));
  const auto size = [&](std::int64_t padded) { return (padded - taps) / stride + 1; };
  const std::int64_t groups = random.between(1, 9);
  const std::int64_t batch = random.between(1, 2);
  const Configuration c = {
      .input = {batch, groups, input.h, input.w},
      .weight = {groups, 1, taps, taps},
      .output = {batch, groups, size(input.h + padding.top() + padding.bottom()),
                 size(input.w + padding.left() + padding.right())},
      .arguments = {.stride = stride, .padding = padding, .groups = groups}};
  return with_channels(c, 1, random.coin() ? 1 : random.between(1, 3));
}

Configuration depthwise_or_small(Random& random) {
  return random.coin() ? depthwise(random) : small_planes(random);
}

/// So few channels that they are computed as they lie beside each other.
Configuration few_channels(Random& random) {
  Configuration c = depthwise(random);
  c.arguments.groups = random.between(1, 7);
  c.arguments.stride = 1;
  const auto& a = c.arguments;
  c.output[2] =
      c.input[2] + a.padding.top() + a.padding.bottom() - a.dilation.h * (c.weight[2] - 1);
  c.output[3] =
      c.input[3] + a.padding.left() + a.padding.right() - a.dilation.w * (c.weight[3] - 1);
  return with_channels(c, 1, 1);
}

/// Groups of few channels, from one group of one to several vectors altogether.
Configuration small_groups(Random& random) {
  constexpr std::int64_t all[] = {1, 3, 8, 9, 15, 16, 17, 32, 40, 70};
  constexpr std::int64_t each[] = {1, 1, 2, 4, 8};
  const std::int64_t channels = one_of(random, each);
  Configuration c = depthwise(random);
  c.arguments.groups = (one_of(random, all) + channels - 1) / channels;
  return with_channels(c, channels, channels);
}

/// Every number of channels and outputs, and rows of every length.
Configuration any_channels(Random& random) {
  constexpr std::int64_t inputs[] = {1, 2, 3, 4, 15, 33, 70};
  constexpr std::int64_t outputs[] = {1, 2, 3, 4, 5, 6, 7, 9, 13, 35, 66};
  const bool plain = random.between(0, 2) == 0;
  Configuration c = plain ? unpadded(random) : random_configuration(random);
  if (!plain && random.coin()) {
    c = with_longer_rows(c, random.between(1, random.coin() ? 70 : 200));  // of several tiles
  }
  return with_channels(c, one_of(random, inputs), one_of(random, outputs));
}

/// Kernels of one tap with few outputs, over maps long enough to be read where they lie and others.
Configuration single_taps(Random& random) {
  constexpr std::int64_t inputs[] = {1, 2, 3, 4, 5, 8, 17, 64};
  Configuration c;
  c.arguments.groups = random.between(1, 2);
  c.arguments.stride.h = random.between(1, 2);
  c.output = {random.between(1, 2), 1, random.between(1, 8), random.between(1, 80)};
  c.input = {c.output[0], 1, c.output[2] * c.arguments.stride.h, c.output[3]};
  c.weight = {1, 1, 1, 1};
  return with_channels(c, one_of(random, inputs), random.between(1, 7));
}

/// Outputs for several vectors or a part of one, and now and then pixels that lie a power of two
/// apart.
Configuration many_outputs(Random& random) {
  constexpr std::int64_t inputs[] = {1, 2, 3, 15, 16, 17, 33, 70};
  constexpr std::int64_t outputs[] = {1, 3, 7, 8, 9, 16, 24, 31, 48, 64, 81};
  if (random.between(0, 39) == 0) {
    const std::int64_t groups = random.coin() ? 1 : 64;
    return {.input = {2, 512, 5, 4},
            .weight = {9 * groups, 512 / groups, 3, 3},
            .output = {2, 9 * groups, 5, 4},
            .arguments = {.padding = 1, .groups = groups}};
  }
  return with_channels(random_configuration(random), one_of(random, inputs),
                       one_of(random, outputs));
}

Configuration any_channels_in_zeros(Random& random) {
  Configuration c = any_channels(random);
  c.arguments.padding_mode = PaddingMode::zeros;
  return c;
}

/// 3x3 kernels with any border. Zeros and the edge repeated may go on for more than a tile.
Configuration small_kernels(Random& random) {
  constexpr std::int64_t channels[] = {1, 3, 16, 17, 22, 33};
  constexpr std::int64_t filters[] = {1, 5, 16, 19, 37, 70};
  Configuration c;
  c.arguments.padding_mode = static_cast<PaddingMode>(random.between(0, 3));
  c.arguments.groups = random.between(1, 2);
  c.output = {random.between(1, 2), 1, random.between(1, 14), random.between(1, 21)};
  const auto pads = [&](std::int64_t output) {
    const bool bounded = c.arguments.padding_mode == PaddingMode::reflect ||
                         c.arguments.padding_mode == PaddingMode::circular;
    const std::int64_t most = bounded ? std::min<std::int64_t>(2, (output - 1) / 2) : output - 2;
    return random.between(0, std::max<std::int64_t>(0, most));
  };
  const std::int64_t rows[] = {pads(c.output[2]), random.between(0, 1)};
  const std::int64_t columns[] = {pads(c.output[3]), random.between(0, 1)};
  c.arguments.padding = Padding(rows[0], rows[1], columns[0], columns[1]);
  c.input = {c.output[0], 1, c.output[2] + 2 - rows[0] - rows[1],
             c.output[3] + 2 - columns[0] - columns[1]};
  c.weight = {1, 1, 3, 3};
  return with_channels(c, one_of(random, channels), one_of(random, filters));
}

/// The same of a transposed pass, whose result has the sizes of the input; a window fits into it.
Configuration small_kernels_transposed(Random& random) {
  Configuration c = small_kernels(random);
  c.arguments.padding_mode = PaddingMode::zeros;
  const auto least = [](std::int64_t size) { return std::max<std::int64_t>(0, 3 - size); };
  const std::int64_t pads[] = {random.between(least(c.output[2]), 5), random.between(0, 5),
                               random.between(least(c.output[3]), 5), random.between(0, 5)};
  c.arguments.padding = Padding(pads[0], pads[1], pads[2], pads[3]);
  c.input[2] = c.output[2];
  c.input[3] = c.output[3];
  c.output[2] += pads[0] + pads[1] - 2;
  c.output[3] += pads[2] + pads[3] - 2;
  return c;
}

/// Filters of 5x5 and more for images of up to four channels with any border. Zeros and the edge
/// repeated may go on for more than a window.
Configuration image_filters(Random& random) {
  constexpr std::int64_t taps[] = {5, 5, 6, 7, 9, 12, 17};
  const std::int64_t kernel[] = {one_of(random, taps), one_of(random, taps)};
  Configuration c;
  c.arguments.padding_mode = static_cast<PaddingMode>(random.between(0, 3));
  c.arguments.groups = random.between(1, 4);
  const bool bounded = c.arguments.padding_mode == PaddingMode::reflect ||
                       c.arguments.padding_mode == PaddingMode::circular;
  const auto pad = [&](std::int64_t most) { return random.between(0, most + (bounded ? -2 : 3)); };
  const std::int64_t rows[] = {pad(kernel[0]), pad(kernel[0])};
  const std::int64_t columns[] = {pad(kernel[1]), pad(kernel[1])};
  c.arguments.padding = Padding(rows[0], rows[1], columns[0], columns[1]);
  c.weight = {1, 1, kernel[0], kernel[1]};
  c.output = {random.between(1, 2), 1, random.between(32, 36), random.between(32, 50)};
  c.input = {c.output[0], 1, c.output[2] + kernel[0] - 1 - rows[0] - rows[1],
             c.output[3] + kernel[1] - 1 - columns[0] - columns[1]};
  return with_channels(c, 1, random.between(1, c.arguments.groups > 2 ? 1 : 2));
}

/// Of each filter the product of a column and a row; now and then all are the same.
Tensor products(Random& random, const Sizes& sizes) {
  Tensor w(sizes);
  const Tensor columns = random.values({sizes[0], sizes[2]}, DType::float64);
  const Tensor rows = random.values({sizes[0], sizes[3]}, DType::float64);
  const std::int64_t different = random.coin() ? sizes[0] : 1;
  for (std::int64_t k = 0; k < sizes[0]; ++k) {
    for (std::int64_t r = 0; r < sizes[2]; ++r) {
      for (std::int64_t s = 0; s < sizes[3]; ++s) {
        w.at<float>({k, 0, r, s}) = static_cast<float>(columns.at<double>({k % different, r}) *
                                                       rows.at<double>({k % different, s}));
      }
    }
  }
  return w;
}

/// So few rows that they are cut into windows of columns (column_windows.h), and one that is not.
Configuration few_long_rows(Random& random, std::int64_t channels, std::int64_t filters) {
  Configuration c;
  do {
    c = random_configuration(random);
  } while (c.output[0] * c.output[2] > 3);
  return with_channels(with_longer_rows(c, random.between(480, 900)), channels, filters);
}

Configuration long_rows(Random& random) {
  return few_long_rows(random, random.between(1, 3), random.between(1, 9));
}

/// Of a transposed pass, which reads the output's sizes.
Configuration long_rows_in_zeros(Random& random) {
  Configuration c = long_rows(random);
  c.arguments.padding_mode = PaddingMode::zeros;
  return c;
}

Configuration long_rows_of_groups(Random& random) {
  const std::int64_t channels = random.between(1, 2);
  return few_long_rows(random, channels, channels);
}

Configuration long_rows_of_one_channel(Random& random) {
  return few_long_rows(random, 1, random.between(1, 3));
}

/// Rows of tiles that are cut into pieces.
Configuration long_rows_of_small_kernels(Random& random) {
  const Configuration c = with_longer_rows(small_kernels(random), random.between(200, 1200));
  return with_channels(c, random.between(1, 5), random.between(1, 5));
}

std::string name_of(const ::testing::TestParamInfo<Subject>& subject) {
  return std::string(subject.param.algorithm->name) + "_" + std::string(name(subject.param.dtype)) +
         (subject.param.forward() ? "" : "_transposed") +
         (subject.param.format == last ? "_channels_last" : "") +
         (subject.param.long_rows ? "_long_rows" : "");
}

constexpr auto forward = Pass::forward;
constexpr auto backward_data = Pass::backward_data;

const auto exact_ones = ::testing::Values(
    Subject{&grouped_channels_algorithm, DType::float32, small_groups, forward},
    Subject{&grouped_channels_algorithm, DType::float64, small_groups, forward},
    Subject{&depthwise_rows_algorithm, DType::float32, depthwise_or_small, forward},
    Subject{&depthwise_rows_algorithm, DType::float64, depthwise, forward},
    Subject{&depthwise_rows_algorithm, DType::float32, few_channels, forward, nullptr, last},
    Subject{&direct_algorithm, DType::float32, many_outputs, forward},
    Subject{&direct_algorithm, DType::float64, many_outputs, forward},
    Subject{&planar_algorithm, DType::float32, any_channels, forward},
    Subject{&planar_algorithm, DType::float64, any_channels, forward},
    Subject{&planar_algorithm, DType::float32, single_taps, forward, nullptr, last},
    Subject{&planar_algorithm, DType::float64, single_taps, forward, nullptr, last},
    Subject{&transposed_algorithm, DType::float32, any_channels_in_zeros, backward_data},
    Subject{&transposed_algorithm, DType::float64, any_channels_in_zeros, backward_data});

INSTANTIATE_TEST_SUITE_P(Algorithms, Exact, exact_ones, name_of);
INSTANTIATE_TEST_SUITE_P(Algorithms, AnyAlgorithm, exact_ones, name_of);

Subject of_long_rows(const Algorithm& algorithm, Configuration (*draw)(Random& random),
                     Pass pass = forward) {
  return {&algorithm, DType::float32, draw, pass, nullptr, MemoryFormat::contiguous, true};
}

const auto exact_ones_of_long_rows = ::testing::Values(
    of_long_rows(grouped_channels_algorithm, long_rows_of_groups),
    of_long_rows(depthwise_rows_algorithm, long_rows_of_one_channel),
    of_long_rows(direct_algorithm, long_rows), of_long_rows(planar_algorithm, long_rows),
    of_long_rows(transposed_algorithm, long_rows_in_zeros, backward_data));

INSTANTIATE_TEST_SUITE_P(LongRows, Exact, exact_ones_of_long_rows, name_of);
INSTANTIATE_TEST_SUITE_P(LongRows, AnyAlgorithm, exact_ones_of_long_rows, name_of);
INSTANTIATE_TEST_SUITE_P(WinogradLongRows, AnyAlgorithm,
                         ::testing::Values(of_long_rows(winograd_algorithm,
                                                        long_rows_of_small_kernels)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Separable, AnyAlgorithm,
                         ::testing::Values(Subject{&separable_algorithm, DType::float32,
                                                   image_filters, forward, products}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Winograd, AnyAlgorithm,
                         ::testing::Values(Subject{&winograd_algorithm, DType::float32,
                                                   small_kernels, forward},
                                           Subject{&winograd_algorithm, DType::float32,
                                                   small_kernels_transposed, backward_data}),
                         name_of);

}  // namespace
}  // namespace conv2d

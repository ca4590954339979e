// The transposed convolution's epilogues, which each phase applies to its own rows and columns:
// against the reference and the steps one after the other. What holds for every algorithm is in
// exact_test.cc.
#include "algorithm/algorithm.h"
#include "plan/choose.h"
#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/separately.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace conv2d {

extern const Algorithm reference_algorithm;
extern const Algorithm transposed_algorithm;

namespace {

using functional::Epilogue;
using testing::Random;
using testing::same_bits;

struct TransposedLayer {
  Sizes input;
  Sizes weight;
  functional::ConvTranspose2dArguments arguments;

  Problem problem(DType dtype) const {
    const Types types{dtype, dtype, dtype};
    return conv_transpose2d_problem(input, weight, true, types, arguments).value();
  }
};

std::ostream& operator<<(std::ostream& out, const TransposedLayer& layer) {
  const auto& a = layer.arguments;
  return out << "input " << to_string(layer.input) << ", weight " << to_string(layer.weight)
             << ", stride " << a.stride.h << ' ' << a.stride.w << ", padding " << a.padding.top()
             << ' ' << a.padding.left() << ", output_padding " << a.output_padding.h << ' '
             << a.output_padding.w << ", groups " << a.groups << ", dilation " << a.dilation.h
             << ' ' << a.dilation.w;
}

/// Kernels smaller than the stride and larger ones, with every output_padding that is allowed.
struct TransposedAxis {
  explicit TransposedAxis(Random& random)
      : input(random.between(1, random.coin() ? 5 : 20)),
        kernel(random.between(1, 4)),
        stride(random.between(1, 6)),
        dilation(random.between(1, 3)),
        output_padding(random.between(0, std::max(stride, dilation) - 1)) {
    const std::int64_t uncut = (input - 1) * stride + dilation * (kernel - 1) + output_padding;
    padding = random.between(0, std::min<std::int64_t>(3, uncut / 2));
  }

  std::int64_t input, kernel, stride, dilation, output_padding, padding;
};

TransposedLayer random_transposed(Random& random) {
  const TransposedAxis rows(random);
  const TransposedAxis columns(random);
  const std::int64_t groups = random.between(1, 3);
  const std::int64_t channels = groups * random.between(1, 3);
  const std::int64_t outputs = random.coin() ? random.between(1, 4) : random.between(5, 40);
  return {.input = {random.between(1, 2), channels, rows.input, columns.input},
          .weight = {channels, outputs, rows.kernel, columns.kernel},
          .arguments = {.stride = Pair(rows.stride, columns.stride),
                        .padding = Pair(rows.padding, columns.padding),
                        .output_padding = Pair(rows.output_padding, columns.output_padding),
                        .groups = groups,
                        .dilation = Pair(rows.dilation, columns.dilation)}};
}

MemoryFormat random_format(Random& random) {
  return random.coin() ? MemoryFormat::channels_last : MemoryFormat::contiguous;
}

/// With a residual, a lower and an upper limit, each or not.
Epilogue random_epilogue(Random& random, const Tensor& residual) {
  Epilogue epilogue{.residual = residual, .low = -0.3, .high = 1.7};
  if (random.coin()) {
    epilogue.residual.reset();
  }
  if (random.coin()) {
    epilogue.low.reset();
  }
  if (random.coin()) {
    epilogue.high.reset();
  }
  return epilogue;
}

/// What the algorithm's own run makes of it: nobody finishes the result after it.
Tensor finished_by_phases(const Problem& problem, Operands operands, MemoryFormat format) {
  const Tensor packed = pack(transposed_algorithm, problem, operands.second);
  Tensor y = Tensor::full(problem.x_sizes(), std::nan(""), problem.types.x).clone(format);
  operands.packed = static_cast<const std::byte*>(packed.data());
  operands.result = y;
  transposed_algorithm.run(problem, operands);
  return y;
}

void expect_the_references_finished(Random& random, DType dtype) {
  const TransposedLayer layer = random_transposed(random);
  const Problem problem = layer.problem(dtype);
  const Tensor x = random.values(layer.input, dtype, random_format(random));
  const Tensor w = random.values(layer.weight, dtype, random_format(random));
  const Tensor bias = random.values({problem.in_channels}, dtype);
  const Tensor residual = random.values(problem.x_sizes(), dtype, random_format(random));
  const Epilogue epilogue = random_epilogue(random, residual);
  Tensor plain(problem.x_sizes(), dtype);
  run(testing::has_fused_multiply_add(simd::instructions_in_use()) ? reference_algorithm
                                                                   : transposed_algorithm,
      problem, {x, w, bias, plain});
  const Tensor wanted = testing::finished_separately(plain, epilogue);
  for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Operands operands{x, w, bias, plain, nullptr, &epilogue};
    ASSERT_TRUE(same_bits(finished_by_phases(problem, operands, format), wanted)) << layer;
  }
}

TEST(Transposed, EveryEpilogueIsTheReferencesResultFinished) {
  Random random;
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (int i = 0; i < 40 && testing::vectors_hold(dtype) && !HasFatalFailure(); ++i) {
      expect_the_references_finished(random, dtype);
    }
  }
}

/// A kernel of one tap with stride 2: of four results one is a product, the others are the bias.
TEST(Transposed, WhatNoTapLeadsToIsFinishedToo) {
  const TransposedLayer layer{.input = {1, 1, 2, 2},
                              .weight = {1, 1, 1, 1},
                              .arguments = {.stride = 2, .output_padding = 1}};
  const Problem problem = layer.problem(DType::float32);
  const Tensor x = Tensor::from<float>(layer.input, {1, 2, 3, -4});
  const Tensor w = Tensor::full(layer.weight, 10);
  const Tensor bias = Tensor::full({1}, -2);
  const Tensor residual = testing::counting({1, 1, 4, 4});
  const Epilogue epilogue{.residual = residual, .low = 0, .high = 30};
  Tensor nothing(problem.x_sizes());
  const Tensor y = finished_by_phases(problem, {x, w, bias, nothing, nullptr, &epilogue},
                                      MemoryFormat::contiguous);
  // Of 10 * x - 2 + residual at even rows and columns, and of -2 + residual elsewhere.
  EXPECT_TRUE(testing::holds(y, {8, 0, 20, 1, 2, 3, 4, 5, 30, 7, 0, 9, 10, 11, 12, 13}));
}

}  // namespace
}  // namespace conv2d

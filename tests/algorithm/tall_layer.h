// Channels-last layers in groups whose input L2 does not hold.
#pragma once

#include "geometry/problem.h"
#include "simd/caches.h"
#include "simd/dispatch.h"
#include "support/guarded.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/tensors.h"

#include <conv2d/plan.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace conv2d::testing {

struct TallLayer {
  std::int64_t channels;
  std::int64_t channels_per_group;
  std::int64_t kernel;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  PaddingMode padding_mode = PaddingMode::zeros;
  std::int64_t width = 13;

  /// So many rows that the input alone is half as large again as L2.
  Sizes input() const {
    const auto l2 = static_cast<std::int64_t>(simd::caches().l2);
    const std::int64_t row_bytes = channels * width * static_cast<std::int64_t>(sizeof(float));
    return {1, channels, 3 * l2 / 2 / row_bytes + 3, width};
  }
  Sizes weight() const { return {channels, channels_per_group, kernel, kernel}; }
  functional::Conv2dArguments arguments() const {
    return {.stride = stride,
            .padding = kernel / 2 * dilation,
            .dilation = dilation,
            .groups = channels / channels_per_group,
            .padding_mode = padding_mode};
  }
  /// Of so many rows.
  Problem problem(std::int64_t rows) const {
    const Sizes sizes{1, channels, rows, width};
    Problem problem = conv2d_problem(sizes, weight(), true, {}, arguments()).value();
    problem.format = MemoryFormat::channels_last;
    return problem;
  }

  /// On every instruction set that rounds as the reference does.
  void expect_reference(std::string_view algorithm, TensorView x, Random& random) const {
    const Plan plan = Plan::conv2d(input(), weight(), true, DType::float32, arguments(),
                                   MemoryFormat::channels_last)
                          .with_algorithm(algorithm);
    const Tensor w = random.values(weight(), DType::float32);
    const Tensor bias = random.values({channels}, DType::float32);
    Tensor expected(plan.output_sizes(), DType::float32, MemoryFormat::channels_last);
    plan.with_algorithm("reference").run(x, w, bias.view(), expected);
    for (const auto name : simd::instruction_sets()) {
      if (!has_fused_multiply_add(name)) {
        continue;
      }
      const Instructions instructions(name);
      Tensor y =
          guarded(Tensor(plan.output_sizes(), DType::float32, MemoryFormat::channels_last), true);
      plan.run(x, w, bias.view(), y);
      EXPECT_TRUE(same_bits(y, expected))
          << channels << " channels, " << channels_per_group << " in a group, kernel " << kernel
          << ", stride " << stride << ", " << name;
    }
  }
};

}  // namespace conv2d::testing

// What a plan expects decides between vectors of outputs and vectors of pixels.
#include "algorithm/expected_time.h"
#include "algorithm/algorithm.h"

#include "simd/dispatch.h"
#include "simd/kernels.h"
#include "support/configurations.h"
#include "support/instructions.h"
#include "support/random.h"
#include "support/reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace conv2d {

extern const Algorithm planar_algorithm;

namespace {

using testing::Configuration;
using testing::Random;

Problem problem_of(const Configuration& c, MemoryFormat format, DType dtype = DType::float32) {
  Problem problem = testing::problem_of(c, {dtype, dtype, dtype});
  problem.format = format;
  return problem;
}

/// A square map of so many pixels, with a kernel that keeps its size.
Problem layer(std::int64_t inputs, std::int64_t outputs, std::int64_t side, std::int64_t kernel,
              MemoryFormat format) {
  functional::Conv2dArguments arguments;
  arguments.padding = kernel / 2;
  Problem problem = conv2d_problem({1, inputs, side, side}, {outputs, inputs, kernel, kernel},
                                   false, {}, arguments)
                        .value();
  problem.format = format;
  return problem;
}

double ratio(const Problem& problem) { return time_by_outputs(problem) / time_by_pixels(problem); }

TEST(ExpectedTime, IsANumberOfAnyLayer) {
  Random random;
  for (int i = 0; i < 300; ++i) {
    const Configuration c = testing::random_configuration(random);
    for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
      for (const auto dtype : {DType::float32, DType::float64}) {
        const Problem problem = problem_of(c, format, dtype);
        for (const double time : {time_by_outputs(problem), time_by_pixels(problem)}) {
          EXPECT_GT(time, 0) << c;
          EXPECT_TRUE(std::isfinite(time)) << c;
        }
      }
    }
  }
}

TEST(ExpectedTime, IsThatOfOneImage) {
  Problem problem = layer(24, 40, 17, 3, MemoryFormat::contiguous);
  const double by_outputs = time_by_outputs(problem);
  const double by_pixels = time_by_pixels(problem);
  problem.batch = 50;
  EXPECT_EQ(time_by_outputs(problem), by_outputs);
  EXPECT_EQ(time_by_pixels(problem), by_pixels);
}

TEST(ExpectedTime, GrowsWithTheLayer) {
  for (const auto format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Problem small = layer(32, 32, 16, 3, format);
    for (const Problem& larger : {layer(64, 32, 16, 3, format), layer(32, 64, 16, 3, format),
                                  layer(32, 32, 32, 3, format), layer(32, 32, 16, 5, format)}) {
      EXPECT_GT(time_by_outputs(larger), 1.5 * time_by_outputs(small));
      EXPECT_GT(time_by_pixels(larger), 1.5 * time_by_pixels(small));
    }
  }
}

/// Times measured with AVX-512. Of four lanes few are idle, so that ratios are nearer to 1.
void expect_that_full_vectors_win(bool narrow) {
  constexpr auto planes = MemoryFormat::contiguous;
  constexpr auto pixels = MemoryFormat::channels_last;
  EXPECT_LT(ratio(layer(672, 28, 1, 1, planes)), narrow ? 0.6 : 0.4);  // 1.4 and 8.3 us
  EXPECT_LT(ratio(layer(256, 12, 2, 3, planes)), 0.7);                 // 5.4 and 13.2 us
  EXPECT_LT(ratio(layer(256, 48, 7, 1, planes)), narrow ? 1 : 0.9);    // 14 and 20 us
  // Tensors that need no turning: with SSE4 156 and 148 us.
  EXPECT_LT(ratio(layer(64, 64, 24, 1, pixels)), narrow ? 1.1 : 0.9);
  EXPECT_LT(ratio(layer(64, 64, 24, 1, pixels)), ratio(layer(64, 64, 24, 1, planes)));
  EXPECT_GT(ratio(layer(64, 2, 24, 1, planes)), 2);
  EXPECT_GT(ratio(layer(64, 2, 24, 3, pixels)), 1.3);
  EXPECT_GT(ratio(layer(3, 1, 200, 5, planes)), 2);
}

TEST(ExpectedTime, SaysWhichVectorsAreFull) {
  for (const std::string_view instructions : simd::instruction_sets()) {
    SCOPED_TRACE(instructions);
    const testing::Instructions scope(instructions);
    expect_that_full_vectors_win(simd::kernels<float>().lanes <= 4);
  }
}

TEST(ExpectedTime, IsWhatPlanarYieldsTo) {
  Random random;
  int yields = 0;
  constexpr int layers = 300;
  for (int i = 0; i < layers; ++i) {
    const Problem problem = problem_of(
        testing::random_configuration(random),
        random.between(0, 1) == 0 ? MemoryFormat::contiguous : MemoryFormat::channels_last);
    if (planar_algorithm.refuses(problem)) {
      continue;
    }
    const bool slower = time_by_outputs(problem) < time_by_pixels(problem);
    EXPECT_EQ(planar_algorithm.yields(problem).has_value(), slower);
    yields += slower ? 1 : 0;
  }
  EXPECT_GT(yields, layers / 10);
  EXPECT_LT(yields, layers * 9 / 10);
}

}  // namespace
}  // namespace conv2d

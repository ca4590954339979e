// What every algorithm on vectors must keep to, as functions that its own tests call with the
// algorithm and a way to draw configurations that it takes.
#pragma once

#include "algorithm/algorithm.h"
#include "plan/choose.h"
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
#include <utility>
#include <vector>

namespace conv2d::testing {

template <class T>
constexpr Types types_of{dtype_of<T>, dtype_of<T>, dtype_of<T>};

inline bool has_fused_multiply_add(std::string_view instructions) {
  return instructions != "SSE4" && instructions != "SSSE3";
}

/// x, w and bias of a configuration, normally distributed.
template <class T>
struct Operand {
  Tensor x, w, bias;

  Operand(Random& random, const Configuration& c)
      : x(random.values(c.input, dtype_of<T>)),
        w(random.values(c.weight, dtype_of<T>)),
        bias(random.values({c.output[1]}, dtype_of<T>)) {}
  Operand(Tensor input, Tensor weight, Tensor added)
      : x(std::move(input)), w(std::move(weight)), bias(std::move(added)) {}
};

/// Into a tensor that is full of NaN before.
template <class T>
Tensor result_of(const Algorithm& algorithm, const Configuration& c, const Operand<T>& o,
                 MemoryFormat format = MemoryFormat::contiguous) {
  Tensor y = Tensor::full(c.output, std::nan(""), dtype_of<T>).clone(format);
  const Problem problem = problem_of(c, types_of<T>, true);
  EXPECT_FALSE(algorithm.refuses(problem));
  run(algorithm, problem, {o.x, o.w, o.bias, y});
  return y;
}

inline Tensor magnitude(const Tensor& tensor) {
  Tensor copy = tensor.to(DType::float64);
  for (std::int64_t i = 0; i < copy.numel(); ++i) {
    copy.data<double>()[i] = std::abs(copy.data<double>()[i]);
  }
  return copy;
}

/// n*u / (1 - n*u): what n roundings in a row may change at most, relatively (Higham, Accuracy and
/// Stability of Numerical Algorithms, 2002, section 3.1).
template <class T>
double gamma(double n) {
  const double nu = n * static_cast<double>(std::numeric_limits<T>::epsilon()) / 2;
  return nu / (1 - nu);
}

/// The same numbers in strides that are neither contiguous nor channels-last.
inline Tensor turned_round(const Tensor& x) {
  return TensorView(x).permute({3, 1, 0, 2}).clone(MemoryFormat::contiguous);
}

/// x and w in every memory format, and x in strides that are neither.
template <class T, class Draw>
void expect_memory_formats_change_no_bit(const Algorithm& algorithm, int runs, const Draw& draw) {
  Random random;
  constexpr auto last = MemoryFormat::channels_last;
  for (int i = 0; i < runs; ++i) {
    const Configuration c = draw(random);
    const Operand<T> plain(random, c);
    const Tensor expected = result_of(algorithm, c, plain);
    const Operand<T> turned(plain.x.clone(last), plain.w.clone(last), plain.bias.clone());
    ASSERT_TRUE(same_bits(result_of(algorithm, c, turned, last), expected)) << c;
    ASSERT_TRUE(same_bits(result_of(algorithm, c, turned), expected)) << c;
    ASSERT_TRUE(same_bits(result_of(algorithm, c, plain, last), expected)) << c;
    const Tensor odd = turned_round(plain.x);
    Tensor y(c.output, dtype_of<T>);
    run(algorithm, problem_of(c, types_of<T>, true),
        {TensorView(odd).permute({2, 1, 3, 0}), plain.w, plain.bias, y});
    ASSERT_TRUE(same_bits(y, expected)) << c;
  }
}

template <class T, class Draw>
void expect_threads_and_batch_change_no_bit(const Algorithm& algorithm, int runs,
                                            const Draw& draw) {
  Random random;
  for (int i = 0; i < runs; ++i) {
    const Configuration c = draw(random);
    const Operand<T> operand(random, c);
    const Tensor expected = result_of(algorithm, c, operand);
    for (const int threads : {1, 2, 5}) {
      const Threads scope(threads);
      ASSERT_TRUE(same_bits(result_of(algorithm, c, operand), expected))
          << c << ", threads " << threads;
    }
    Configuration one = c;
    one.input[0] = one.output[0] = 1;
    for (std::int64_t n = 0; n < c.input[0]; ++n) {
      const Operand<T> image(TensorView(operand.x).slice(0, n, n + 1).clone(), operand.w.clone(),
                             operand.bias.clone());
      ASSERT_TRUE(
          same_bits(result_of(algorithm, one, image), TensorView(expected).slice(0, n, n + 1)))
          << c;
    }
  }
}

template <class T, class Draw>
void expect_fused_instructions_give_the_same_bits(const Algorithm& algorithm, int runs,
                                                  const Draw& draw) {
  Random random;
  for (int i = 0; i < runs; ++i) {
    const Configuration c = draw(random);
    const Operand<T> operand(random, c);
    const Tensor expected = result_of(algorithm, c, operand);
    for (const auto name : simd::instruction_sets()) {
      if (has_fused_multiply_add(name)) {
        const Instructions scope(name);
        ASSERT_TRUE(same_bits(result_of(algorithm, c, operand), expected)) << name << ", " << c;
      }
    }
  }
}

template <class T, class Draw>
void expect_nothing_touched_outside(const Algorithm& algorithm, int runs, const Draw& draw) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (int i = 0; i < runs; ++i) {
      const Configuration c = draw(random);
      const auto format = random.coin() ? MemoryFormat::channels_last : MemoryFormat::contiguous;
      const bool at_end = random.coin();
      const Operand<T> operand(random, c);
      const Tensor x = guarded(operand.x.clone(format), at_end);
      const Tensor w = guarded(operand.w, at_end);
      const Tensor bias = guarded(operand.bias, at_end);
      Tensor y = guarded(Tensor(c.output, dtype_of<T>, format), at_end);
      run(algorithm, problem_of(c, types_of<T>, true), {x, w, bias, y});
      ASSERT_TRUE(same_bits(y, result_of(algorithm, c, operand))) << c;
    }
  }
}

/// The output's rows and columns run backwards in memory.
template <class T>
void expect_negative_strides_are_written(const Algorithm& algorithm, const Configuration& c) {
  Random random;
  const Operand<T> operand(random, c);
  const std::int64_t k = c.output[1];
  const std::int64_t row = c.output[3] * k;
  std::vector<T> memory(static_cast<std::size_t>(c.output[0] * c.output[2] * row));
  const Strides strides{c.output[2] * row, 1, -row, -k};
  const MutableTensorView y(memory.data() + c.output[2] * row - k, dtype_of<T>, c.output, strides);
  run(algorithm, problem_of(c, types_of<T>, true), {operand.x, operand.w, operand.bias, y});
  EXPECT_TRUE(same_bits(y, result_of(algorithm, c, operand)));
}

}  // namespace conv2d::testing

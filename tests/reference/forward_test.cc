// The reference's forward pass against a padded copy and nested loops, bit for bit.
#include "support/configurations.h"
#include "support/naive.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::Naive;
using testing::Random;
using testing::random_configuration;
using testing::reference_forward;
using testing::same_bits;
using testing::Volume;

constexpr int forward_runs = 150;

/// Both add the same products in the same order, c, r, s and the bias last, so no bit may differ:
/// the zeros of the padded copy add nothing to a sum of finite numbers that starts at +0.
template <class S>
void expect_naive_bits(DType x_type, DType w_type, DType y_type) {
  Random random;
  for (int i = 0; i < forward_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, x_type);
    const Tensor w = random.values(c.weight, w_type);
    const Tensor b = random.values({c.weight[0]}, y_type);
    const Volume<S> bias(b.view().unsqueeze(0).unsqueeze(2).unsqueeze(3));
    const auto naive = Naive{c.arguments}.forward(Volume<S>(x), Volume<S>(w), &bias, c.output);
    ASSERT_TRUE(same_bits(reference_forward(c, x, w, b, y_type), tensor_of(naive, y_type))) << c;
  }
}

TEST(ReferenceForward, Float32IsTheNaiveSumBitForBit) {
  expect_naive_bits<float>(DType::float32, DType::float32, DType::float32);
}
TEST(ReferenceForward, Float64IsTheNaiveSumBitForBit) {
  expect_naive_bits<double>(DType::float64, DType::float64, DType::float64);
}
TEST(ReferenceForward, Bfloat16SumsInFloat32AndRoundsOnce) {
  expect_naive_bits<float>(DType::bfloat16, DType::bfloat16, DType::bfloat16);
}
TEST(ReferenceForward, Float16SumsInFloat32AndRoundsOnce) {
  expect_naive_bits<float>(DType::float16, DType::float16, DType::float16);
}
TEST(ReferenceForward, Complex64IsTheNaiveSumBitForBit) {
  expect_naive_bits<complex64>(DType::complex64, DType::complex64, DType::complex64);
}
TEST(ReferenceForward, Complex128IsTheNaiveSumBitForBit) {
  expect_naive_bits<complex128>(DType::complex128, DType::complex128, DType::complex128);
}
TEST(ReferenceForward, Int32WrapsModulo2To32) {
  expect_naive_bits<std::uint32_t>(DType::int32, DType::int32, DType::int32);
}
TEST(ReferenceForward, BytesOfAnyMixGiveInt32) {
  for (const DType x : {DType::int8, DType::uint8}) {
    for (const DType w : {DType::int8, DType::uint8}) {
      expect_naive_bits<std::uint32_t>(x, w, DType::int32);
    }
  }
}
TEST(ReferenceForward, JudgesNarrowerFloatsInFloat64) {
  for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
    expect_naive_bits<double>(dtype, dtype, DType::float64);
  }
}
TEST(ReferenceForward, JudgesComplex64InComplex128) {
  expect_naive_bits<complex128>(DType::complex64, DType::complex64, DType::complex128);
}

TEST(ReferenceForward, NoStrideOfAnyTensorMatters) {
  Random random;
  for (int i = 0; i < forward_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, DType::float32);
    const Tensor w = random.values(c.weight, DType::float32);
    const Tensor b = random.values({c.weight[0]}, DType::float32);
    const Tensor plain = reference_forward(c, x, w, b, DType::float32);
    // Every second element of wider tensors; the bias backwards in memory; the result turned.
    Tensor wide_x({c.input[0], c.input[1], c.input[2], 2 * c.input[3]});
    copy(x, wide_x.mutable_view().slice(3, 0, 2 * c.input[3], 2));
    const Tensor last_w = w.clone(MemoryFormat::channels_last);
    const std::int64_t filters = c.weight[0];
    Tensor backwards({filters});
    const MutableTensorView bias(backwards.data<float>() + filters - 1, DType::float32, {filters},
                                 {-1});
    copy(b, bias);
    Tensor turned({c.output[3], c.output[2], c.output[1], c.output[0]});
    reference::forward(testing::problem_of(c, {}, true),
                       wide_x.view().slice(3, 0, 2 * c.input[3], 2), last_w, bias,
                       turned.mutable_view().permute({3, 2, 1, 0}));
    ASSERT_TRUE(same_bits(turned.view().permute({3, 2, 1, 0}), plain)) << c;
  }
}

// Wilkinson's bound for a sum of n products added one after the other, each operation rounded once:
// |error| <= gamma(n + 1) * sum |terms|, gamma(n) = n*u / (1 - n*u), u = 2^-24.
// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 3.1.
TEST(ReferenceForward, Float32LiesWithinTheSummationBoundOfFloat64) {
  Random random;
  for (int i = 0; i < forward_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, DType::float32);
    const Tensor w = random.values(c.weight, DType::float32);
    const auto exact =
        testing::values_of<double>(reference_forward(c, x, w, std::nullopt, DType::float64));
    const auto rounded = testing::values_of<double>(
        reference_forward(c, x, w, std::nullopt, DType::float32).to(DType::float64));
    const auto magnitude = [](const Tensor& tensor) {
      Volume<double> volume(tensor);
      for (double& value : volume.data) {
        value = std::abs(value);
      }
      return volume;
    };
    const auto terms =
        Naive{c.arguments}.forward<double>(magnitude(x), magnitude(w), nullptr, c.output);
    const auto count = static_cast<double>(c.weight[1] * c.weight[2] * c.weight[3]);
    const double gamma = (count + 1) * 0x1p-24 / (1 - (count + 1) * 0x1p-24);
    for (std::size_t j = 0; j < exact.size(); ++j) {
      ASSERT_LE(std::abs(rounded[j] - exact[j]), gamma * terms.data[j]) << c << " element " << j;
    }
  }
}

TEST(ReferenceForward, AnEmptyBatchAndNoChannelsAreNoSpecialCase) {
  const Configuration nothing{{0, 2, 5, 5}, {3, 2, 3, 3}, {0, 3, 3, 3}, {}};
  EXPECT_TRUE(reference_forward(nothing, Tensor(nothing.input), Tensor(nothing.weight),
                                std::nullopt, DType::float32)
                  .empty());
  const Configuration bias_alone{{1, 0, 5, 5}, {2, 0, 5, 5}, {1, 2, 1, 1}, {}};
  const Tensor bias = Tensor::from<float>({2}, {7, -3});
  EXPECT_TRUE(testing::holds(reference_forward(bias_alone, Tensor(bias_alone.input),
                                               Tensor(bias_alone.weight), bias, DType::float32),
                             {7, -3}));
}

}  // namespace
}  // namespace conv2d

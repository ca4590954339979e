// The reference's gradients against products scattered to where their factors came from.
#include "support/configurations.h"
#include "support/naive.h"
#include "support/random.h"
#include "support/reference.h"
#include "support/tensors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace conv2d {
namespace {

using testing::Configuration;
using testing::Naive;
using testing::Random;
using testing::random_configuration;
using testing::same_bits;
using testing::Volume;

constexpr int backward_runs = 150;

/// Whole numbers, whose sums are exact in any order: the scattering adds in another one.
template <class S>
void expect_scattered_data(DType dtype) {
  Random random;
  for (int i = 0; i < backward_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor dy = random.integers(c.output, dtype);
    const Tensor w = random.integers(c.weight, dtype);
    const auto naive = Naive{c.arguments}.backward_data(Volume<S>(dy), Volume<S>(w), c.input);
    ASSERT_TRUE(
        same_bits(testing::reference_backward_data(c, dy, w, dtype), tensor_of(naive, dtype)))
        << c;
  }
}

TEST(ReferenceBackwardData, IsTheScatteredProductInFloat32) {
  expect_scattered_data<float>(DType::float32);
}
TEST(ReferenceBackwardData, IsTheScatteredProductInFloat64) {
  expect_scattered_data<double>(DType::float64);
}
TEST(ReferenceBackwardData, IsTheScatteredProductInComplex128) {
  expect_scattered_data<complex128>(DType::complex128);
}
TEST(ReferenceBackwardData, IsTheScatteredProductInInt32) {
  expect_scattered_data<std::uint32_t>(DType::int32);
}

/// Both run over n, p, q for each weight: no bit may differ.
template <class S>
void expect_naive_weight_bits(DType dtype) {
  Random random;
  for (int i = 0; i < backward_runs; ++i) {
    const Configuration c = random_configuration(random);
    const Tensor x = random.values(c.input, dtype);
    const Tensor dy = random.values(c.output, dtype);
    const auto naive = Naive{c.arguments}.backward_weight(Volume<S>(x), Volume<S>(dy), c.weight);
    ASSERT_TRUE(
        same_bits(testing::reference_backward_weight(c, x, dy, dtype), tensor_of(naive, dtype)))
        << c;
  }
}

TEST(ReferenceBackwardWeight, Float32IsTheNaiveSumBitForBit) {
  expect_naive_weight_bits<float>(DType::float32);
}
TEST(ReferenceBackwardWeight, Float64IsTheNaiveSumBitForBit) {
  expect_naive_weight_bits<double>(DType::float64);
}
TEST(ReferenceBackwardWeight, Float16SumsInFloat32AndRoundsOnce) {
  expect_naive_weight_bits<float>(DType::float16);
}
TEST(ReferenceBackwardWeight, Complex64IsTheNaiveSumBitForBit) {
  expect_naive_weight_bits<complex64>(DType::complex64);
}

TEST(ReferenceBackwardData, AddsTheBiasLast) {
  const Configuration c{{1, 1, 2, 2}, {1, 1, 1, 1}, {1, 1, 2, 2}, {}};
  const Tensor dy = Tensor::full(c.output, 0x1p24);
  const Tensor bias = Tensor::full({1}, 1);
  Tensor dx(c.input);
  const Problem problem = testing::problem_of(c, {}).with(Pass::backward_data, Conjugate::neither);
  reference::backward_data(problem, dy, Tensor::full(c.weight, 1), bias, dx);
  // 2^24 + 1 is not a float: the tie goes to the even 2^24.
  EXPECT_TRUE(testing::holds(dx, {0x1p24, 0x1p24, 0x1p24, 0x1p24}));
}

TEST(ReferenceBackwardData, AnEnormousAxisWithoutABatchTakesNoMemory) {
  constexpr std::int64_t enormous = std::int64_t{1} << 58U;
  const Configuration c{{0, 1, enormous, 1}, {1, 1, 1, 1}, {0, 1, enormous, 1}, {}};
  EXPECT_TRUE(
      testing::reference_backward_data(c, Tensor(c.output), Tensor(c.weight), DType::float32)
          .empty());
}

TEST(ReferenceBackwardBias, SumsEachChannelInOrder) {
  Random random;
  const Tensor dy = random.values({2, 3, 4, 5}, DType::float32);
  Tensor db({3});
  reference::backward_bias(dy, db);
  for (std::int64_t k = 0; k < 3; ++k) {
    float sum = 0;
    for (const float value : testing::values_of<float>(dy.view().select(1, k))) {
      sum += value;
    }
    EXPECT_EQ(db.at<float>({k}), sum);
  }
}

TEST(ReferenceBackwardBias, OfAnEmptyBatchIsZero) {
  Tensor db = Tensor::full({3}, 9);
  reference::backward_bias(Tensor({0, 3, 4, 5}), db);
  EXPECT_TRUE(testing::holds(db, {0, 0, 0}));
}

// Complex gradients conjugate one factor, by torch's convention: dx = sum dy * conj(w),
// dw = sum conj(x) * dy.
TEST(ReferenceBackward, ConjugatesTheFactorThatIsAskedFor) {
  const Configuration c{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {}};
  const Tensor first = Tensor::from<complex64>({1, 1, 1, 1}, {complex64(1, 2)});
  const Tensor second = Tensor::from<complex64>({1, 1, 1, 1}, {complex64(3, 5)});
  const Types types{DType::complex64, DType::complex64, DType::complex64};
  const auto product = [&](Pass pass, Conjugate conjugated) {
    Tensor result({1, 1, 1, 1}, DType::complex64);
    const Problem problem = testing::problem_of(c, types).with(pass, conjugated);
    switch (pass) {
      case Pass::forward:
        reference::forward(problem, first, second, std::nullopt, result);
        break;
      case Pass::backward_data:
        reference::backward_data(problem, first, second, std::nullopt, result);
        break;
      case Pass::backward_weight:
        reference::backward_weight(problem, first, second, result);
        break;
    }
    return result.at<complex64>({0, 0, 0, 0});
  };
  for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weight}) {
    EXPECT_EQ(product(pass, Conjugate::neither), complex64(-7, 11));
    EXPECT_EQ(product(pass, Conjugate::first), complex64(13, -1));
    EXPECT_EQ(product(pass, Conjugate::second), complex64(13, 1));
  }
}

}  // namespace
}  // namespace conv2d

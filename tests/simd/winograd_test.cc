// The matrices of Winograd's convolution, and the transforms by them on every instruction set.
#include "simd/winograd.h"

#include <conv2d/machine.h>

#include "simd/dispatch.h"
#include "support/instructions.h"
#include "support/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace conv2d {
namespace {

using simd::winograd::Matrix;
using testing::Instructions;
using testing::Random;

template <std::size_t Rows, std::size_t Inner, std::size_t Columns>
Matrix<Rows, Columns> times(const Matrix<Rows, Inner>& left, const Matrix<Inner, Columns>& right) {
  Matrix<Rows, Columns> result{};
  for (std::size_t i = 0; i < Rows; ++i) {
    for (std::size_t j = 0; j < Columns; ++j) {
      for (std::size_t k = 0; k < Inner; ++k) {
        result[i][j] += left[i][k] * right[k][j];
      }
    }
  }
  return result;
}

/// M X M^T.
template <std::size_t Rows, std::size_t Inner>
Matrix<Rows, Rows> on_both_sides(const Matrix<Rows, Inner>& m, const Matrix<Inner, Inner>& x) {
  Matrix<Inner, Rows> turned{};
  for (std::size_t i = 0; i < Rows; ++i) {
    for (std::size_t j = 0; j < Inner; ++j) {
      turned[j][i] = m[i][j];
    }
  }
  return times(times(m, x), turned);
}

template <std::size_t Rows, std::size_t Columns>
Matrix<Rows, Columns> magnitudes(Matrix<Rows, Columns> m) {
  for (auto& row : m) {
    for (double& value : row) {
      value = std::abs(value);
    }
  }
  return m;
}

template <std::size_t N>
Matrix<N, N> random_matrix(Random& random) {
  Matrix<N, N> m{};
  for (auto& row : m) {
    for (double& value : row) {
      value = static_cast<float>(random.normal());
    }
  }
  return m;
}

/// Tiles of so many outputs along an axis.
template <std::size_t Outputs>
struct Tiles {
  using Matrices = simd::winograd::Matrices<Outputs>;
  static constexpr std::size_t outputs = Outputs;
  static constexpr std::size_t inputs = simd::winograd_inputs(Outputs);
  static constexpr std::size_t products = simd::winograd_products(Outputs);
  /// Roundings where products round once more, of both axes; those of outputs with the bias.
  static constexpr int input_roundings = Outputs == 2 ? 2 : 8;
  static constexpr int output_roundings = Outputs == 2 ? 5 : 9;

  static const simd::WinogradKernels& kernels() { return simd::winograd_kernels(Outputs); }
};

template <class Tiles>
class WinogradTransform : public ::testing::Test {};

using Sides = ::testing::Types<Tiles<2>, Tiles<4>>;
TYPED_TEST_SUITE(WinogradTransform, Sides);

TYPED_TEST(WinogradTransform, OfItsMatricesIsACorrelation) {
  constexpr std::size_t n = TypeParam::inputs;
  using Matrices = typename TypeParam::Matrices;
  Random random;
  for (int run = 0; run < 20; ++run) {
    const auto d = random_matrix<n>(random);
    const auto g = random_matrix<3>(random);
    const auto u = on_both_sides(Matrices::kernel, g);
    auto m = on_both_sides(Matrices::input, d);
    for (std::size_t i = 0; i < n * n; ++i) {
      m[i / n][i % n] *= u[i / n][i % n];
    }
    const auto y = on_both_sides(Matrices::output, m);
    for (std::size_t p = 0; p < TypeParam::outputs; ++p) {
      for (std::size_t q = 0; q < TypeParam::outputs; ++q) {
        double expected = 0;
        for (std::size_t tap = 0; tap < 9; ++tap) {
          expected += g[tap / 3][tap % 3] * d[p + tap / 3][q + tap % 3];
        }
        ASSERT_NEAR(y[p][q], expected, 1e-12);
      }
    }
  }
}

TYPED_TEST(WinogradTransform, AppliesInFloat32WhatIsExactInFloat32) {
  const auto exact = [](double value) { return static_cast<float>(value) == value; };
  for (const auto& row : TypeParam::Matrices::input) {
    for (const double value : row) {
      EXPECT_TRUE(exact(value)) << value;
    }
  }
  for (const auto& row : TypeParam::Matrices::output) {
    for (const double value : row) {
      EXPECT_TRUE(exact(value)) << value;
    }
  }
}

/// Of so many roundings.
double bound(int roundings) { return roundings * std::ldexp(1.0, -24) * 1.01; }

/// Numbers of channels that whole vectors, vectors of four and single channels make up.
constexpr std::size_t channel_counts[] = {1, 4, 7, 16, 37};

TYPED_TEST(WinogradTransform, OfInputsIsTheMatrices) {
  constexpr std::size_t n = TypeParam::inputs;
  constexpr std::size_t products = TypeParam::products;
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (const std::size_t channels : channel_counts) {
      std::vector<Matrix<n, n>> d(channels);
      std::vector<float> pixels(products * channels);
      std::array<const float*, products> table{};
      for (std::size_t i = 0; i < products; ++i) {
        table[i] = pixels.data() + i * channels;
      }
      for (std::size_t c = 0; c < channels; ++c) {
        d[c] = random_matrix<n>(random);
        for (std::size_t i = 0; i < products; ++i) {
          pixels[i * channels + c] = static_cast<float>(d[c][i / n][i % n]);
        }
      }
      const std::size_t step = channels + 3;
      std::vector<float> factors(products * step, -1);
      TypeParam::kernels().input({.pixels = table.data(),
                                  .next = random.coin() ? table.data() : nullptr,
                                  .channels = channels,
                                  .factors = factors.data(),
                                  .step = step});
      for (std::size_t c = 0; c < step; ++c) {
        for (std::size_t i = 0; i < products; ++i) {
          const double got = factors[i * step + c];
          if (c >= channels) {
            ASSERT_EQ(got, -1) << "beyond the channels";
            continue;
          }
          const auto& matrix = TypeParam::Matrices::input;
          const double wanted = on_both_sides(matrix, d[c])[i / n][i % n];
          const double size = on_both_sides(magnitudes(matrix), magnitudes(d[c]))[i / n][i % n];
          ASSERT_LE(std::abs(got - wanted), bound(TypeParam::input_roundings) * size)
              << name << ", product " << i;
        }
      }
    }
  }
}

/// The products and the outputs of one tile with room for all that there is.
template <class Tiles>
struct OutputTile {
  explicit OutputTile(std::size_t count)
      : channels(count),
        step(count + 5),
        m(Tiles::products * step),
        bias(count),
        y(Tiles::outputs * Tiles::outputs * (count + 1), -1) {}

  simd::WinogradOutput arguments(std::size_t rows, std::size_t columns) {
    const auto pixel = static_cast<std::ptrdiff_t>(channels) + 1;
    return {.products = m.data(),
            .step = step,
            .channels = channels,
            .bias = bias.data(),
            .to = y.data(),
            .row_step = static_cast<std::ptrdiff_t>(Tiles::outputs) * pixel,
            .column_step = pixel,
            .rows = rows,
            .columns = columns,
            .fetches = columns % 2 == 0 && machine().fused_multiply_add};
  }

  std::size_t channels;
  std::size_t step;
  std::vector<float> m;
  std::vector<float> bias;
  std::vector<float> y;
};

template <class Tiles>
void check_outputs(Random& random, std::size_t channels, std::size_t rows, std::size_t columns) {
  constexpr std::size_t n = Tiles::inputs;
  constexpr std::size_t side = Tiles::outputs;
  OutputTile<Tiles> tile(channels);
  for (float& value : tile.m) {
    value = static_cast<float>(random.normal());
  }
  for (float& value : tile.bias) {
    value = static_cast<float>(random.normal());
  }
  ASSERT_TRUE(Tiles::kernels().output(tile.arguments(rows, columns)));
  for (std::size_t c = 0; c <= channels; ++c) {
    Matrix<n, n> m{};
    for (std::size_t i = 0; i < Tiles::products; ++i) {
      m[i / n][i % n] = tile.m[i * tile.step + c];
    }
    const auto& matrix = Tiles::Matrices::output;
    const auto wanted = on_both_sides(matrix, m);
    const auto size = on_both_sides(magnitudes(matrix), magnitudes(m));
    for (std::size_t i = 0; i < side * side; ++i) {
      const double got = tile.y[i * (channels + 1) + c];
      if (c == channels || i / side >= rows || i % side >= columns) {
        ASSERT_EQ(got, -1) << "not there";
        continue;
      }
      const double b = tile.bias[c];
      ASSERT_LE(std::abs(got - wanted[i / side][i % side] - b),
                bound(Tiles::output_roundings) * (size[i / side][i % side] + std::abs(b)));
    }
  }
}

TYPED_TEST(WinogradTransform, OfProductsIsTheMatricesAndTheBias) {
  Random random;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (const std::size_t channels : channel_counts) {
      for (std::size_t i = 0; i < TypeParam::outputs * TypeParam::outputs; ++i) {
        check_outputs<TypeParam>(random, channels, i / TypeParam::outputs + 1,
                                 i % TypeParam::outputs + 1);
      }
    }
  }
}

TYPED_TEST(WinogradTransform, OfProductsSaysWhereAnOutputIsNotFinite) {
  constexpr std::size_t side = TypeParam::outputs;
  constexpr float bad[] = {std::numeric_limits<float>::infinity(),
                           std::numeric_limits<float>::quiet_NaN()};
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    for (const float value : bad) {
      for (std::size_t c = 0; c < 37; ++c) {
        OutputTile<TypeParam> tile(37);
        tile.m[7 * tile.step + c] = value;
        EXPECT_FALSE(TypeParam::kernels().output(tile.arguments(side, side))) << name << ' ' << c;
      }
      OutputTile<TypeParam> tile(37);
      tile.bias[1] = value;
      EXPECT_TRUE(TypeParam::kernels().output(tile.arguments(side, side)))
          << "the bias comes later";
    }
  }
}

TYPED_TEST(WinogradTransform, OfWeightsIsTheMatricesRoundedOnceOnAllInstructions) {
  constexpr std::size_t n = TypeParam::inputs;
  constexpr std::size_t products = TypeParam::products;
  Random random;
  constexpr std::size_t channels = 32;
  std::vector<float> taps(9 * channels);
  for (float& value : taps) {
    value = static_cast<float>(random.normal());
  }
  std::vector<float> first;
  for (const auto name : simd::instruction_sets()) {
    const Instructions scope(name);
    std::vector<float> factors(products * channels);
    TypeParam::kernels().weights({taps.data(), channels, factors.data(), channels});
    first = first.empty() ? factors : first;
    ASSERT_EQ(factors, first) << name;
  }
  for (std::size_t k = 0; k < channels; ++k) {
    Matrix<3, 3> g{};
    for (std::size_t i = 0; i < 9; ++i) {
      g[i / 3][i % 3] = taps[i * channels + k];
    }
    const auto wanted = on_both_sides(TypeParam::Matrices::kernel, g);
    const auto size = on_both_sides(magnitudes(TypeParam::Matrices::kernel), magnitudes(g));
    for (std::size_t i = 0; i < products; ++i) {
      ASSERT_LE(std::abs(first[i * channels + k] - wanted[i / n][i % n]),
                std::ldexp(1.001, -24) * size[i / n][i % n]);
    }
  }
}

}  // namespace
}  // namespace conv2d

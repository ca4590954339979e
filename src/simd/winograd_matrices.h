// The matrices of Winograd's F(m x m, 3x3): m by m outputs of a 3x3 kernel from m + 2 by m + 2
// inputs, with (m + 2)^2 products instead of 9 m^2.
//
//   y = A^T [ (G g G^T) . (B^T d B) ] A        . element by element
//
// Polynomials say why. m outputs of three taps are the transpose of a product of polynomials of
// degree m - 1 and 2, which has degree m + 1: its values at m + 1 points and its leading
// coefficient determine it. A and G take values at the points; B interpolates, with m(x) the
// product of (x - p) over the points p: its column for p is m(x) / (x - p), that of infinity m(x)
// itself.
//
// Source  S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast
//         Algorithms for Convolutional Neural Networks, 2015
#pragma once

#include <array>
#include <cstddef>

namespace conv2d::simd {

inline constexpr std::size_t winograd_taps = 3;  ///< along an axis

/// Inputs of a tile along an axis, for so many outputs.
constexpr std::size_t winograd_inputs(std::size_t outputs) { return outputs + winograd_taps - 1; }
/// Products of one tile, of so many outputs along an axis.
constexpr std::size_t winograd_products(std::size_t outputs) {
  return winograd_inputs(outputs) * winograd_inputs(outputs);
}

namespace winograd {

template <std::size_t Rows, std::size_t Columns>
using Matrix = std::array<std::array<double, Columns>, Rows>;

/// Of tiles of so many outputs along an axis: input is B^T, kernel G, output A^T.
template <std::size_t Outputs>
struct Matrices;

/// Points 0, +-1: m(x) = x^3 - x.
template <>
struct Matrices<2> {
  static constexpr Matrix<4, 4> input = {{
      {-1, 0, 1, 0},
      {0, 1, 1, 0},
      {0, -1, 1, 0},
      {0, -1, 0, 1},
  }};
  static constexpr Matrix<4, 3> kernel = {{
      {-1, 0, 0},
      {1.0 / 2, 1.0 / 2, 1.0 / 2},
      {1.0 / 2, -1.0 / 2, 1.0 / 2},
      {0, 0, 1},
  }};
  static constexpr Matrix<2, 4> output = {{
      {1, 1, 1, 0},
      {0, 1, -1, 1},
  }};
};

/// Points 0, +-a, +-b with a = 5/8 and b = 3/2. Any five give the same y in real numbers; in
/// float32 the common 0, +-1, +-2 lose twice as many bits of the outcome as these, whose powers,
/// sums and products below are exact in float32 besides.
template <>
struct Matrices<4> {
  static constexpr double a = 5.0 / 8;
  static constexpr double b = 3.0 / 2;
  static constexpr double a2 = a * a;
  static constexpr double b2 = b * b;
  static constexpr double a3 = a2 * a;
  static constexpr double b3 = b2 * b;
  /// m(x) = x (x^2 - a2) (x^2 - b2) = x^5 - sum x^3 + product x
  static constexpr double sum = a2 + b2;
  static constexpr double product = a2 * b2;
  /// The value of m(x) / (x - p) at p, by which G divides.
  static constexpr double at_0 = product;
  static constexpr double at_a = 2 * a2 * (a2 - b2);
  static constexpr double at_b = 2 * b2 * (b2 - a2);

  static constexpr Matrix<6, 6> input = {{
      {product, 0, -sum, 0, 1, 0},
      {0, -(a* b2), -b2, a, 1, 0},
      {0, (a * b2), -b2, -a, 1, 0},
      {0, -(b* a2), -a2, b, 1, 0},
      {0, (b * a2), -a2, -b, 1, 0},
      {0, product, 0, -sum, 0, 1},
  }};
  static constexpr Matrix<6, 3> kernel = {{
      {1 / at_0, 0, 0},
      {1 / at_a, a / at_a, a2 / at_a},
      {1 / at_a, -a / at_a, a2 / at_a},
      {1 / at_b, b / at_b, b2 / at_b},
      {1 / at_b, -b / at_b, b2 / at_b},
      {0, 0, 1},
  }};
  static constexpr Matrix<4, 6> output = {{
      {1, 1, 1, 1, 1, 0},
      {0, a, -a, b, -b, 0},
      {0, a2, a2, b2, b2, 0},
      {0, a3, -a3, b3, -b3, 1},
  }};
};

}  // namespace winograd
}  // namespace conv2d::simd

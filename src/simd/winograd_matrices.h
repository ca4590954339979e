// The matrices of Winograd's F(4x4, 3x3): four by four outputs of a 3x3 kernel from six by six
// inputs with 36 products instead of 144.
//
//   y = A^T [ (G g G^T) . (B^T d B) ] A        . element by element
//
// Polynomials say why. Four outputs of three taps are the transpose of a product of polynomials of
// degree 3 and 2, which has degree 5: its values at five points and its leading coefficient
// determine it. A and G take values at the points; B interpolates, with m(x) the product of
// (x - p) over the points p: its column for p is m(x) / (x - p), that of infinity m(x) itself.
//
// Points 0, +-a, +-b with a = 5/8 and b = 3/2. Any five give the same y in real numbers; in float32
// the common 0, +-1, +-2 lose twice as many bits of the outcome as these, whose powers, sums and
// products below are exact in float32 besides.
//
// Source  S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast
//         Algorithms for Convolutional Neural Networks, 2015
#pragma once

#include <array>
#include <cstddef>

namespace conv2d::simd {

/// Outputs of one tile along an axis, taps, and inputs.
inline constexpr std::size_t winograd_outputs = 4;
inline constexpr std::size_t winograd_taps = 3;
inline constexpr std::size_t winograd_inputs = winograd_outputs + winograd_taps - 1;
/// Products of one tile.
inline constexpr std::size_t winograd_products = winograd_inputs * winograd_inputs;

namespace winograd {

inline constexpr double a = 5.0 / 8;
inline constexpr double b = 3.0 / 2;
inline constexpr double a2 = a * a;
inline constexpr double b2 = b * b;
inline constexpr double a3 = a2 * a;
inline constexpr double b3 = b2 * b;
/// m(x) = x (x^2 - a2) (x^2 - b2) = x^5 - sum x^3 + product x
inline constexpr double sum = a2 + b2;
inline constexpr double product = a2 * b2;
/// The value of m(x) / (x - p) at p, by which G divides.
inline constexpr double at_0 = product;
inline constexpr double at_a = 2 * a2 * (a2 - b2);
inline constexpr double at_b = 2 * b2 * (b2 - a2);

template <std::size_t Rows, std::size_t Columns>
using Matrix = std::array<std::array<double, Columns>, Rows>;

/// B^T
inline constexpr Matrix<6, 6> input = {{
    {product, 0, -sum, 0, 1, 0},
    {0, -(a* b2), -b2, a, 1, 0},
    {0, (a * b2), -b2, -a, 1, 0},
    {0, -(b* a2), -a2, b, 1, 0},
    {0, (b * a2), -a2, -b, 1, 0},
    {0, product, 0, -sum, 0, 1},
}};
/// G
inline constexpr Matrix<6, 3> kernel = {{
    {1 / at_0, 0, 0},
    {1 / at_a, a / at_a, a2 / at_a},
    {1 / at_a, -a / at_a, a2 / at_a},
    {1 / at_b, b / at_b, b2 / at_b},
    {1 / at_b, -b / at_b, b2 / at_b},
    {0, 0, 1},
}};
/// A^T
inline constexpr Matrix<4, 6> output = {{
    {1, 1, 1, 1, 1, 0},
    {0, a, -a, b, -b, 0},
    {0, a2, a2, b2, b2, 0},
    {0, a3, -a3, b3, -b3, 1},
}};

}  // namespace winograd
}  // namespace conv2d::simd

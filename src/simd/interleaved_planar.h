// The inner loop of 1x1 convolutions of few output channels whose input channels lie side by side,
// compiled once for every instruction set.
#pragma once

#include <array>
#include <cstddef>

namespace conv2d::simd {

/// What one call computes: for K output channels and some vectors of pixels,
///
///   sum[k][i] = sum over c:  pixels[i * pixel_step + c] * weights[c][k]
///
/// with i over the vectors * lanes pixels, in the order of c, each step one fused multiply-add
/// where the processor has it, and the bias last.
template <class T>
struct InterleavedPlanarTile {
  const T* pixels;
  std::ptrdiff_t pixel_step;
  std::size_t channels;
  const T* weights;  ///< [channels][K]
  const T* bias;     ///< [K]
  T* after;          ///< [K][vectors][lanes], rows `after_step` apart
  std::ptrdiff_t after_step;
  std::size_t vectors;  ///< of pixels
  std::size_t line;     ///< pixels that there are from the first on, those of the tile among them
};

template <class T>
using RunInterleavedPlanarTile = void (*)(const InterleavedPlanarTile<T>&);

inline constexpr std::size_t most_interleaved_outputs = 7;

/// [k] of k output channels; nullptr where there are no vectors of T.
template <class T>
using InterleavedPlanarKernels =
    std::array<RunInterleavedPlanarTile<T>, most_interleaved_outputs + 1>;

/// Of the instructions in use now; T is float or double.
template <class T>
const InterleavedPlanarKernels<T>& interleaved_planar_kernels() noexcept;

}  // namespace conv2d::simd

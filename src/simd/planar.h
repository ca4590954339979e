// The inner loop of convolutions whose vectors run along the pixels of a plane, compiled once for
// every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace conv2d::simd {

/// What a call computes: register tiles side by side, each for K output channels and J vectors of
/// pixels,
///
///   sum[k][i] (+)= over c, t:  pixels[c * channel_step + taps[t] + i] * weights[c][t][k]
///
/// with i over the J * lanes pixels, c over a block of input channels and t over the taps (r, s) of
/// the kernel, each step one fused multiply-add where the processor has it. Every sum runs in that
/// order whatever K and J are, so that the shape of a tile changes no bit of a result.
template <class T>
struct PlanarTile {
  const T* pixels;    ///< of the first tile; each of the next is J vectors further on
  std::size_t tiles;  ///< more than one only where nothing is before them
  std::ptrdiff_t channel_step;
  std::size_t channels;
  std::span<const std::ptrdiff_t> taps;  ///< where each tap of the first pixel lies in a channel
  const T* weights;                      ///< [channels][taps][K]
  const T*
      before;  ///< [K][J][lanes], rows `before_step` apart: what the sums go on from; or nullptr
  std::ptrdiff_t before_step;
  T* after;  ///< [K][tiles][J][lanes], rows `after_step` apart
  std::ptrdiff_t after_step;
  std::size_t last;  ///< how many pixels of the last tile's last vector are stored
  const T* bias;     ///< [K], added last; nullptr where more is to come
  bool streams;      ///< past the caches: vectors are whole and lie where vectors of memory do
};

template <class T>
using RunPlanarTile = void (*)(const PlanarTile<T>&);

inline constexpr std::size_t most_planar_outputs = 8;
inline constexpr std::size_t most_planar_vectors = 8;

template <class T>
struct PlanarKernels {
  std::size_t lanes;  ///< elements in a vector; 0 where there are no vectors of this type
  /// How many vectors of pixels a tile of k output channels may have; 0 where there is no such
  /// tile.
  std::array<std::size_t, most_planar_outputs + 1> vectors;
  /// tile[k][j] of k output channels and j vectors.
  std::array<std::array<RunPlanarTile<T>, most_planar_vectors + 1>, most_planar_outputs + 1> tile;
  /// The tile of many output channels: the next larger ones serve those few that fit in one tile.
  std::size_t outputs;
};

/// Of the instructions in use now; T is float or double.
template <class T>
const PlanarKernels<T>& planar_kernels() noexcept;

}  // namespace conv2d::simd

// The inner loop of 1x1 convolutions of many channels whose vectors run along the pixels of planes,
// compiled once for every instruction set.
#pragma once

#include <array>
#include <cstddef>

namespace conv2d::simd {

/// What one call computes: for J vectors of pixels, output tiles of K channels each, one after the
/// other,
///
///   sum[k][i] (+)= over c:  pixels[c * channel_step + i] * weights[c][k]
///
/// with i over the J * lanes pixels and c over a block of input channels in its order, each step
/// one fused multiply-add where the processor has it. Every sum runs in that order whatever K and J
/// are, so that the shape of a tile changes no bit of a result.
template <class T>
struct PointwisePlanes {
  const T* pixels;
  std::ptrdiff_t channel_step;
  std::size_t channels;
  std::size_t output_tiles;
  const T* weights;            ///< [output_tiles][channels][K]
  std::ptrdiff_t weight_step;  ///< from an output tile's to the next one's
  /// [output_tiles][K][J][lanes], rows `before_step` apart: what the sums go on from; or nullptr
  const T* before;
  std::ptrdiff_t before_step;
  T* after;  ///< [output_tiles][K][J][lanes], rows `after_step` apart
  std::ptrdiff_t after_step;
  std::size_t last;  ///< how many pixels of the last vector are stored
  const T* bias;     ///< [output_tiles][K], added last; nullptr where more is to come
  bool streams;      ///< past the caches: vectors are whole and lie where vectors of memory do
  /// What is read after this, J vectors of so many channels: asked for meanwhile.
  const T* pixels_then;
  std::size_t channels_then;
  /// Whether each output tile asks for what the next one writes, and the last one for `after_then`,
  /// unless it is nullptr.
  bool asks_for_results;
  const T* after_then;
};

template <class T>
using RunPointwisePlanes = void (*)(const PointwisePlanes<T>&);

inline constexpr std::size_t most_pointwise_outputs = 14;
inline constexpr std::size_t most_pointwise_vectors = 2;

template <class T>
struct PointwiseKernels {
  std::size_t outputs;  ///< K at most; 0 where there are no vectors of this type
  /// tile[K][J], of all sizes from half of the most outputs on that are left by cutting evenly.
  std::array<std::array<RunPointwisePlanes<T>, most_pointwise_vectors + 1>,
             most_pointwise_outputs + 1>
      tile;
};

/// Of the instructions in use now; T is float or double.
template <class T>
const PointwiseKernels<T>& pointwise_kernels() noexcept;

}  // namespace conv2d::simd

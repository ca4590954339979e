// The three transforms of a Winograd convolution, compiled once for every instruction set, for
// tiles of 2x2 and of 4x4 outputs. The matrices are in winograd_matrices.h. Sizes stand here for m
// outputs along an axis, i = m + 2 inputs.
#pragma once

#include "simd/winograd_matrices.h"

#include <cstddef>

namespace conv2d::simd {

/// V = B^T d B of one tile, for every channel: inputs to factors.
struct WinogradInput {
  const float* const* pixels;  ///< [i][i]: where each pixel begins, channels contiguous
  const float* const* next;    ///< those of the tile after this one, to be fetched, or nullptr
  std::size_t channels;
  float* factors;  ///< [i][i], `step` elements apart, channels contiguous
  std::size_t step;
};

/// y = A^T M A + bias of one tile, for every channel: products to outputs.
struct WinogradOutput {
  const float* products;  ///< [i][i], `step` elements apart, channels contiguous
  std::size_t step;
  std::size_t channels;
  const float* bias;  ///< [channels]
  float* to;          ///< channels contiguous
  std::ptrdiff_t row_step;
  std::ptrdiff_t column_step;
  std::size_t rows;     ///< how many of the m rows
  std::size_t columns;  ///< and columns there are
  bool fetches;         ///< lines of the tile to the right before they are written
};

/// U = G g G^T of one input channel, for every output channel: weights to factors, in float64,
/// rounded once and the same bits on all instructions.
struct WinogradWeights {
  const float* taps;     ///< [3][3][channels]
  std::size_t channels;  ///< whole vectors of float32
  float* factors;        ///< [i][i], `step` elements apart, channels contiguous
  std::size_t step;
};

struct WinogradKernels {
  void (*weights)(const WinogradWeights&);
  void (*input)(const WinogradInput&);
  /// False where an output was infinite or NaN before the bias, the missing ones included.
  bool (*output)(const WinogradOutput&);
  /// The same past the caches: channels are whole vectors that lie where vectors of memory do.
  bool (*stream_output)(const WinogradOutput&);
};

/// Of the instructions in use now, for tiles of 2 or 4 outputs along an axis. Every sum runs in the
/// same order whatever they are.
const WinogradKernels& winograd_kernels(std::size_t outputs) noexcept;

}  // namespace conv2d::simd

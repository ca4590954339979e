// The three transforms of a Winograd convolution, compiled once for every instruction set. The
// matrices are in winograd_matrices.h.
#pragma once

#include "simd/winograd_matrices.h"

#include <cstddef>

namespace conv2d::simd {

/// V = B^T d B of one tile, for every channel: 6x6 inputs to 6x6 factors.
struct WinogradInput {
  const float* const* pixels;  ///< [6][6]: where each pixel begins, channels contiguous
  const float* const* next;    ///< those of the tile after this one, to be fetched, or nullptr
  std::size_t channels;
  float* factors;  ///< [6][6], `step` elements apart, channels contiguous
  std::size_t step;
};

/// y = A^T M A + bias of one tile, for every channel: 6x6 products to 4x4 outputs.
struct WinogradOutput {
  const float* products;  ///< [6][6], `step` elements apart, channels contiguous
  std::size_t step;
  std::size_t channels;
  const float* bias;  ///< [channels]
  float* to;          ///< channels contiguous
  std::ptrdiff_t row_step;
  std::ptrdiff_t column_step;
  std::size_t rows;     ///< how many of the four rows
  std::size_t columns;  ///< and columns there are
  bool fetches;         ///< lines of the tile to the right before they are written
};

/// U = G g G^T of one input channel, for every output channel: 3x3 weights to 6x6, in float64,
/// rounded once and the same bits on all instructions.
struct WinogradWeights {
  const float* taps;     ///< [3][3][channels]
  std::size_t channels;  ///< whole vectors of float32
  float* factors;        ///< [6][6], `step` elements apart, channels contiguous
  std::size_t step;
};

struct WinogradKernels {
  /// nullptr where the instructions have no vectors of float64.
  void (*weights)(const WinogradWeights&);
  void (*input)(const WinogradInput&);
  /// False where an output was infinite or NaN before the bias, the missing ones included.
  bool (*output)(const WinogradOutput&);
  /// The same past the caches: channels are whole vectors that lie where vectors of memory do.
  bool (*stream_output)(const WinogradOutput&);
};

/// Of the instructions in use now. Every sum runs in the same order whatever they are.
const WinogradKernels& winograd_kernels() noexcept;

}  // namespace conv2d::simd

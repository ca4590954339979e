// Which tensors the caches hold, and which results are written past them.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/epilogue.h"
#include "algorithm/vector_types.h"
#include "conv2d/machine.h"
#include "conv2d/plan.h"
#include "conv2d/threads.h"

#include <algorithm>
#include <cstdint>

namespace conv2d {

inline std::size_t bytes_of(TensorView view) {
  return at(view.numel()) * element_size(view.dtype());
}

/// Whether so many bytes come from further away than from the second cache.
inline bool is_far(std::size_t bytes) {
  static const std::size_t near = machine().l2_bytes;
  return bytes > near;
}
inline bool is_far(TensorView tensor) { return is_far(bytes_of(tensor)); }

/// Whether so much is written that the last cache, which others use too, would have to make room:
/// then each line would be read from memory before it is written, and another one written back. A
/// quarter of it for each thread; measured with one, 3x3 layers from 3 channels to 64 of 12 to 17
/// MB gain 6 to 33% where it holds 32 MiB, results of 6 MB next to nothing. Two threads gain where
/// all of them write so much and memory takes it as fast as it comes: 10% where a sum has 27
/// products; where it had 9 they lost 30%. And nothing must be left to do to the result. Another
/// `share` than a quarter is for algorithms whose stores wait longer.
inline bool crowds_caches(const Problem& problem, const functional::Epilogue* epilogue,
                          TensorView result, std::size_t share = 4) {
  static const Machine here = machine();
  const std::size_t room = std::max(here.l3_bytes / share, here.l2_bytes);
  const std::size_t bytes = bytes_of(result);
  if (changes_results(epilogue) || bytes <= room) {
    return false;
  }
  const int threads = num_threads();
  const Rates rates = estimate_rates(threads);
  const double computing = 2 * static_cast<double>(problem.products()) / rates.flops;
  const double reading = static_cast<double>(element_size(result.dtype())) / rates.memory_bytes;
  // Memory is written at no more than half the rate at which it is read.
  return bytes / at(threads) > room || computing > 2 * reading;
}

/// Whether the last cache cannot hold a layer's input and output, whatever is done to the results.
inline bool leaves_caches(const Problem& problem) {
  static const std::size_t last_cache = machine().l3_bytes;
  const Index elements =
      problem.batch * (problem.in_channels * problem.rows.input * problem.columns.input +
                       problem.out_channels * problem.rows.output * problem.columns.output);
  return at(elements) * element_size(problem.types.y) > last_cache;
}

/// Whether results of a layer that reads as much as it writes go past the caches: where half of the
/// last one, which others use too, would not hold input and output, or three eighths if one thread
/// writes. Measured where it holds 32 MiB: filters of pictures of 12 MB take half of the time; with
/// tensors of 8 MB one thread's gain a fifth to a third and two threads' lose a tenth. Depthwise
/// layers gain in chains, each of which reads what the one before wrote, 20% where pixels have 144
/// channels and lose 5% where they have 576. With 5 MB all lose.
inline bool crowds_caches_with_input(const Operands& operands) {
  static const std::size_t last_cache = machine().l3_bytes;
  const std::size_t eighths = num_threads() == 1 ? 3 : 4;
  return !changes_results(operands.epilogue) &&
         bytes_of(operands.first) + bytes_of(operands.result) > last_cache / 8 * eighths;
}

/// Whether images and, where they are stored one by one, planes begin where vectors of memory do.
inline bool planes_begin_aligned(MutableTensorView result, Index lanes) {
  const Strides& strides = result.strides();
  const Index vector = lanes * static_cast<Index>(element_size(result.dtype()));
  const bool interleaved = strides[1] == 1;
  return reinterpret_cast<std::uintptr_t>(result.data()) % at(vector) == 0 &&
         strides[0] % lanes == 0 && (interleaved || strides[1] % lanes == 0);
}

/// Whether whole vectors, counted from the beginning of each row, are whole vectors of memory too.
inline bool rows_are_aligned(MutableTensorView result, Index lanes) {
  return planes_begin_aligned(result, lanes) && result.strides()[2] % lanes == 0;
}

/// Whether a group's outputs of a pixel are whole vectors that lie where vectors of memory do.
inline bool pixels_are_aligned(MutableTensorView result, Index outputs, Index lanes) {
  return result.strides()[1] == 1 && outputs % lanes == 0 && result.strides()[3] % lanes == 0 &&
         rows_are_aligned(result, lanes);
}

/// Whether rows of pixels are whole lines of 64 bytes that lie where lines of memory do.
inline bool planes_are_aligned(MutableTensorView result) {
  const Index line = 64 / static_cast<Index>(element_size(result.dtype()));
  const Strides& strides = result.strides();
  return strides[1] != 1 && strides[3] == 1 && result.sizes()[3] % line == 0 &&
         rows_are_aligned(result, line);
}

}  // namespace conv2d

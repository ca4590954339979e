// Which results are written past the caches.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/epilogue.h"
#include "algorithm/vector_types.h"
#include "conv2d/machine.h"

#include <cstdint>

namespace conv2d {

/// Whether the last cache cannot hold input and output, so that whoever reads the output next finds
/// little of it there in any case; and nothing is left to do to it.
inline bool leaves_caches(const Operands& operands) {
  const auto bytes = [](TensorView view) { return at(view.numel()) * element_size(view.dtype()); };
  static const std::size_t last_cache = machine().l3_bytes;
  return !changes_results(operands.epilogue) &&
         bytes(operands.first) + bytes(operands.result) > last_cache;
}

/// Whether whole vectors, counted from the beginning of each row, are whole vectors of memory too.
inline bool rows_are_aligned(MutableTensorView result, Index lanes) {
  const Strides& strides = result.strides();
  const Index vector = lanes * static_cast<Index>(element_size(result.dtype()));
  const bool interleaved = strides[1] == 1;
  return reinterpret_cast<std::uintptr_t>(result.data()) % at(vector) == 0 &&
         strides[0] % lanes == 0 && strides[2] % lanes == 0 &&
         (interleaved || strides[1] % lanes == 0);
}

}  // namespace conv2d

// The two loops that tell what a processor can do at most.
#pragma once

#include <cstddef>
#include <cstdint>

namespace conv2d::simd {

struct Peak {
  int vector_bytes;
  bool fused;             ///< multiply-adds are one operation with one rounding
  double flops_per_step;  ///< of multiply_add
  /// Independent multiply-adds, as many as hide each other's latency; a step is one of each.
  float (*multiply_add)(std::int64_t steps);
  /// Reads everything once.
  float (*add_all)(const float* values, std::size_t count);
};

/// Of the instructions in use now.
const Peak& peak() noexcept;

}  // namespace conv2d::simd

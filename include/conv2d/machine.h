// The machine that we run on: what plans are made for, and what benchmarks compare with.
#pragma once

#include <cstddef>
#include <string_view>

namespace conv2d {

struct Machine {
  std::string_view instructions;  ///< the vector instructions in use: "AVX3_ZEN4", "AVX2", "SSE4"
  int vector_bytes = 16;
  bool fused_multiply_add = false;
  /// Data caches as one core sees them. Where the operating system does not say: 32 KiB, 512 KiB
  /// and 4 MiB.
  std::size_t l1_bytes = 0;
  std::size_t l2_bytes = 0;
  std::size_t l3_bytes = 0;
};

Machine machine() noexcept;

/// float32 operations a second, a fused multiply-add counted as two, that `threads` threads reach
/// together when they do nothing else: the best of runs that take about `seconds` altogether.
double measure_peak_flops(int threads, double seconds);

/// Bytes a second that `threads` threads read together from memory that no cache holds; measured
/// likewise.
double measure_read_bandwidth(int threads, double seconds);

}  // namespace conv2d

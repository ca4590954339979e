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
  /// and 4 MiB, but none smaller than the one before it.
  std::size_t l1_bytes = 0;
  std::size_t l2_bytes = 0;
  std::size_t l3_bytes = 0;
};

/// The system is asked once; after that it takes nanoseconds.
Machine machine() noexcept;

/// What some threads together do in a second: expected times are computed from it.
struct Rates {
  double flops = 0;         ///< float32 operations, a fused multiply-add counted as two
  double memory_bytes = 0;  ///< read from memory that no cache holds
  double cache_bytes = 0;   ///< read from the last cache
  bool measured = false;
};

/// A guess that takes no time: from the width of the vectors, at 3 GHz with two multiply-adds begun
/// in a cycle, and usual bandwidths. Real machines lie between half and twice of it. Throws
/// std::invalid_argument for fewer than 1 or more than 1024 threads, as the functions below do.
Rates estimate_rates(int threads);
/// The same, measured: takes about three times `seconds`, and 256 MiB or more meanwhile.
Rates measure_rates(int threads, double seconds);

/// float32 operations a second, a fused multiply-add counted as two, that `threads` threads reach
/// together when they do nothing else: the best of runs that take about `seconds` altogether.
double measure_peak_flops(int threads, double seconds);

/// Bytes a second that `threads` threads read together from memory that no cache holds; measured
/// likewise.
double measure_read_bandwidth(int threads, double seconds);

}  // namespace conv2d

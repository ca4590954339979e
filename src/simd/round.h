// What register tiles do between two jumps.
//
// Beside its multiply-adds a step, one tap of one channel, takes addresses, a count and a jump. On
// Intel's processors these compete with multiply-adds for ports; and loads that take turns
// between the taps of a kernel hide from the first cache which lines come next. So steps follow
// each other without a jump where kernels allow it. Measured on a Xeon with AVX-512, a tile
// of 6 pixels by 64 outputs, 64 channels: whole 3x3 kernels take 0.98 of the rate of multiply-adds
// alone instead of 0.88, four channels of 1x1 ones 0.97 instead of 0.86 to 0.91, 5x5 kernels 0.94
// instead of 0.86.
#pragma once

#include <cstddef>

namespace conv2d::simd {

/// Steps of taps, or of channels where there is one tap; `nine_taps` are all that the kernel has,
/// and shared are pixels of a row of taps in tiles of one vector (shared_pixels-inl.h).
enum class Round {
  one_tap,
  three_taps,
  four_taps,
  five_taps,
  nine_taps,
  four_channels,
  three_shared,
  five_shared
};

constexpr bool shares_pixels(Round round) {
  return round == Round::three_shared || round == Round::five_shared;
}

constexpr std::size_t steps_of(Round round) {
  switch (round) {
    case Round::one_tap:
      return 1;
    case Round::three_taps:
    case Round::three_shared:
      return 3;
    case Round::four_taps:
      return 4;
    case Round::five_taps:
    case Round::five_shared:
      return 5;
    case Round::nine_taps:
      return 9;
    case Round::four_channels:
      return 4;
  }
  return 0;
}

}  // namespace conv2d::simd

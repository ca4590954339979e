// What tiles ask for while they multiply, because it is read later (TileArguments::ahead).
//
// A tile of 6 pixels by 64 outputs reads weights at 21 bytes a cycle. The second cache gives that;
// what is behind it does not, and gives to the first tile of a block of weights what all others
// then have: on a Xeon whose third cache gives 29 GB/s to a thread, 3x3 layers of 512 channels on
// 7x7 pixels took 1.25 times as long, Winograd's sums of 256 to 512 channels 1.1 to 1.4 times. So
// tiles fetch the weights that are next, as evenly as they can: for what they ask for at once they
// wait.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_LOOK_AHEAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_LOOK_AHEAD_INL_H_
#undef CONV2D_SIMD_LOOK_AHEAD_INL_H_
#else
#define CONV2D_SIMD_LOOK_AHEAD_INL_H_
#endif

#include "simd/fetch.h"
#include "simd/kernels.h"
#include "simd/round.h"

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {

/// Whether tiles in such rounds, or at a row's end in no rounds, exist that look ahead, of float32
/// numbers: each takes the compiler a quarter of a second.
template <class T>
constexpr bool may_look_ahead(Round round, bool ends_row) {
  return sizeof(T) == sizeof(float) &&
         ((ends_row && round == Round::one_tap) || round == Round::four_taps ||
          round == Round::nine_taps || round == Round::four_channels);
}

/// Channels between which lines are asked for.
constexpr std::size_t channels_of(Round round) {
  return round == Round::four_channels ? steps_of(round) : 1;
}

/// How many elements a tile asks for at a time: whole lines, as few as are enough.
template <Round round, class T>
std::size_t ahead_at_a_time(const TileArguments<T>& a) {
  constexpr std::size_t line = 64 / sizeof(T);
  const std::int64_t channels = HWY_MAX(a.ahead_channels, 1);  // tiles may be more than foreseen
  const std::size_t times = HWY_MAX(static_cast<std::size_t>(channels) / channels_of(round), 1);
  return (a.ahead.size() + times * line - 1) / (times * line) * line;
}

/// How many elements a tile asks for in all; none where nothing is ahead.
template <Round round, class T>
std::size_t ahead_of_tile(const TileArguments<T>& a) {
  if (a.ahead.empty()) {
    return 0;
  }
  return static_cast<std::size_t>(a.channels) / channels_of(round) * ahead_at_a_time<round>(a);
}

/// What a tile asks for next, or nothing.
template <bool exists, class T>
struct Ahead {
  template <Round round>
  static Ahead of(const TileArguments<T>& a) {
    return {a.ahead.data(), exists ? ahead_at_a_time<round>(a) : 0};
  }

  HWY_INLINE void fetch() {
    if constexpr (exists) {
      fetch_for_reading_until(next, next + step);
    }
  }

  const T* next;
  std::size_t step;
};

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

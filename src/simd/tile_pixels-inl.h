// Where the pixels of a register tile are: classes that name the address of each to a tile's steps.
// Those in long rounds (round.h) do so with few instructions from many registers, and once for all
// steps where they can.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_TILE_PIXELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_TILE_PIXELS_INL_H_
#undef CONV2D_SIMD_TILE_PIXELS_INL_H_
#else
#define CONV2D_SIMD_TILE_PIXELS_INL_H_
#endif

#include "simd/kernels.h"
#include "simd/long_rounds-inl.h"
#include "simd/shared_pixels-inl.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {

/// Of 16 registers, GCC keeps sums of tiles at a row's end in memory where they are more than those
/// of four pixels.
constexpr std::size_t most_row_pixels = vector_registers > 16 ? 14 : 4;

/// body(i) for i = 0 .. P-1, unrolled: GCC does that with loops of up to 16 rounds, and only then
/// has it a register for each sum.
template <std::size_t P, class Body>
HWY_INLINE void each_pixel(Body&& body) {
  for (std::size_t i = 0; i < P; i += 4) {
    for (std::size_t j = 0; j < 4 && i + j < P; ++j) {
      body(i + j);
    }
  }
}

/// Where the c-th values of a tile's pixels are, for one tap: through a pointer for each.
template <class T, std::size_t P>
struct Scattered {
  static constexpr bool exists(std::size_t /*v*/) { return true; }
  static constexpr std::size_t pointers = P;
  static constexpr bool alike = false;
  static constexpr bool in_long_rounds = false;
  explicit Scattered(const TileArguments<T>& /*a*/) {}

  template <class Use>
  HWY_INLINE void each(const T* const* pixels, std::size_t /*t*/, std::int64_t c, Use&& use) const {
    each_pixel<P>([&](std::size_t i) HWY_ATTR { use(i, pixels[i] + c); });
  }
};

/// The same of the only tap of long rounds: pointers are loaded once.
template <class T, std::size_t P>
struct ScatteredInLongRounds {
  static constexpr std::size_t pointers = P;
  static constexpr bool in_long_rounds = true;
  explicit ScatteredInLongRounds(const TileArguments<T>& a) { std::copy_n(a.pixels, P, pixel); }

  template <class Use>
  HWY_INLINE void each(const T* const* /*pixels*/, std::size_t /*t*/, std::int64_t c,
                       Use&& use) const {
    for (std::size_t i = 0; i < P; i += 4) {
      for (std::size_t j = 0; j < 4 && i + j < P; ++j) {
        use(i + j, pixel[i + j] + c);
      }
    }
  }

  const T* pixel[P];
};

/// Of pixels that lie evenly in memory. Four at a time, so that a processor's addresses, a register
/// and one, two or four times another, reach them from few registers.
template <class T, std::size_t P>
struct Even {
  static constexpr bool ends_row = false;
  static constexpr bool exists(std::size_t /*v*/) { return true; }
  static constexpr std::size_t pointers = 1;
  static constexpr bool alike = true;  ///< those of the next tile lie a step further on
  static constexpr bool in_long_rounds = false;
  explicit Even(const TileArguments<T>& a) : step(a.pixel_step) {}

  template <class Use>
  HWY_INLINE void each(const T* const* pixels, std::size_t /*t*/, std::int64_t c, Use&& use) const {
    const T* from = pixels[0] + c;
    for (std::size_t i = 0; i < P; i += 4, from += 4 * step) {
      for (std::size_t j = 0; j < 4 && i + j < P; ++j) {
        use(i + j, from + static_cast<std::int64_t>(j) * step);
      }
    }
  }

  std::int64_t step;
};

/// A number that a compiler does not see through: else it finds three steps by adding one to two of
/// them, each time.
inline std::int64_t opaque(std::int64_t number) {
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
  asm("" : "+r"(number));
#endif
  return number;
}

/// The same eight at a time, from more registers by fewer instructions.
template <class T, std::size_t P>
struct EvenInLongRounds {
  static constexpr bool ends_row = false;
  static constexpr std::size_t pointers = 1;
  static constexpr bool in_long_rounds = true;
  explicit EvenInLongRounds(const TileArguments<T>& a)
      : step(a.pixel_step),
        three(opaque(3 * step)),
        five(opaque(5 * step)),
        seven(opaque(7 * step)) {}

  template <class Use>
  HWY_INLINE void each(const T* const* pixels, std::size_t /*t*/, std::int64_t c, Use&& use) const {
    const T* from = pixels[0] + c;
    for (std::size_t i = 0; i < P; i += 8, from += 8 * step) {
      for (std::size_t j = 0; j < 8 && i + j < P; ++j) {
        // In place: of a function GCC 12 does not see in time that j is a constant.
        use(i + j, from + (j == 3   ? three
                           : j == 5 ? five
                           : j == 6 ? 2 * three
                           : j == 7 ? seven
                                    : static_cast<std::int64_t>(j) * step));
      }
    }
  }

  std::int64_t step, three, five, seven;
};

/// Even pixels from one end of a row, or both, of three taps each: the row's first pixel lies
/// beyond it for the first one of them, its last pixel for the last one. Known to the compiler, so
/// that steps follow each other without a question.
template <class T, std::size_t P, bool has_first, bool has_last>
struct RowInLongRounds : EvenInLongRounds<T, P> {
  static constexpr bool ends_row = true;
  using EvenInLongRounds<T, P>::EvenInLongRounds;

  /// The tap's pointer is the second pixel's.
  template <class Use>
  HWY_INLINE void each(const T* const* pixels, std::size_t t, std::int64_t c, Use&& use) const {
    const T* const first = pixels[0] - this->step;
    EvenInLongRounds<T, P>::each(&first, t, c, [&](std::size_t i, const T* from) HWY_ATTR {
      const bool before = has_first && i == 0 && t % 3 == 0;
      const bool behind = has_last && i + 1 == P && t % 3 == 2;
      if (!before && !behind) {
        use(i, from);
      }
    });
  }
};

template <class T, std::size_t P>
using FirstOfRow = RowInLongRounds<T, P, true, false>;
template <class T, std::size_t P>
using LastOfRow = RowInLongRounds<T, P, false, true>;
template <class T, std::size_t P>
using WholeRow = RowInLongRounds<T, P, true, true>;

/// Even pixels where an end of the tile is one of a row, and taps lie in the padding there. With
/// one vector or a half only for taps that share pixels: what decides for each tap would take as
/// long as a few multiply-adds.
template <class T, std::size_t P>
struct AlongRow {
  static constexpr bool ends_row = true;
  static constexpr bool exists(std::size_t v) {
    return P > 2 && P <= most_row_pixels && (v > 1 || may_share_pixels<T>(P, 1));
  }
  static constexpr std::size_t pointers = 1;
  static constexpr bool alike = true;  ///< those of the next tile lie a step further on
  static constexpr bool in_long_rounds = false;
  explicit AlongRow(const TileArguments<T>& a) : step(a.pixel_step), reads(a.reads) {}

  template <class Use>
  HWY_INLINE void each(const T* const* pixels, std::size_t t, std::int64_t c, Use&& use) const {
    const T* const second = pixels[0] + c;
    if (reads[t] != Reads::all_but_first) {
      use(0, second - step);
    }
    const T* from = second;
    for (std::size_t i = 1; i + 1 < P; i += 4, from += 4 * step) {
      for (std::size_t j = 0; j < 4 && i + j + 1 < P; ++j) {
        use(i + j, from + static_cast<std::int64_t>(j) * step);
      }
    }
    if (reads[t] != Reads::all_but_last) {
      use(P - 1, second + static_cast<std::int64_t>(P - 2) * step);
    }
  }

  std::int64_t step;
  const Reads* reads;
};

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

// Rows of taps that share pixels, in register tiles of one vector.
//
// A tile of one vector has one multiply-add for each number that it loads, and of two loads in a
// cycle from one bank of the first cache the second waits: on a Xeon such tiles reach 0.65 to 0.76
// of the rate of multiply-adds alone. But where taps of a kernel's row read side by side, as far
// apart as the pixels do, pixel i reads by its second tap what pixel i + 1 reads by its first. So a
// number is loaded once for all taps of a row, whose weights are in registers: 14 pixels by 3 taps
// take 16 loads for 42 multiply-adds, and reach 0.88, by 5 taps 0.96. Of a sum the order is the
// same: a pixel's first tap reads before its second.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_SHARED_PIXELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_SHARED_PIXELS_INL_H_
#undef CONV2D_SIMD_SHARED_PIXELS_INL_H_
#else
#define CONV2D_SIMD_SHARED_PIXELS_INL_H_
#endif

#include "simd/kernels.h"
#include "simd/long_rounds-inl.h"
#include "simd/multiply_add-inl.h"
#include "simd/unroll-inl.h"

#include <hwy/highway.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Taps of a row whose weights are in registers at a time, beside so many sums, a number, and one
/// register more that GCC needs.
constexpr std::size_t taps_at_once(std::size_t sums) {
  return sums + 2 < vector_registers ? vector_registers - sums - 2 : 0;
}

/// Whether taps share pixels in a tile of that many vectors: of float32 numbers, with pixels enough
/// for it to be worth the compiler's time.
template <class T>
constexpr bool may_share_pixels(std::size_t pixels, std::size_t vectors) {
  return sizeof(T) == sizeof(float) && vectors == 1 && pixels > 4 && taps_at_once(pixels) > 1;
}

/// Whether S taps from the t-th on are a row that reads as far apart as pixels do, of which none
/// but the first one leaves out a tile's first pixel, and none but the last one the last pixel.
template <std::size_t S, bool ends_row, class T>
bool is_shared_row(const TileArguments<T>& a, std::size_t t) {
  for (std::size_t s = t + 1; s < t + S; ++s) {
    if (a.pixels[s] - a.pixels[s - 1] != a.pixel_step || a.taps[s] != a.taps[s - 1] + 1) {
      return false;
    }
    if (ends_row && (a.reads[s] == Reads::all_but_first || a.reads[s - 1] == Reads::all_but_last)) {
      return false;
    }
  }
  return true;
}

/// Whether all taps of an even tile, or of one that ends a row, are such rows.
template <std::size_t S, bool ends_row, class T>
bool shares_pixels(const TileArguments<T>& a) {
  const std::size_t count = a.taps.size();
  if (count % S != 0 || a.channels == 0) {
    return false;
  }
  for (std::size_t t = 0; t < count; t += S) {
    if (!is_shared_row<S, ends_row>(a, t)) {
      return false;
    }
  }
  return true;
}

/// Which numbers of a row of taps are read: all of them. Clang wants has() all the same.
struct AllOfRow {
  static constexpr bool may_lack(std::size_t /*j*/) { return false; }
  static constexpr bool has(std::size_t /*j*/) { return true; }
};

/// Or all but the first one or the last one, which may lie outside of all memory.
template <std::size_t last>
struct SomeOfRow {
  static constexpr bool may_lack(std::size_t j) { return j == 0 || j == last; }
  bool has(std::size_t j) const { return j == 0 ? has_first : has_last; }

  bool has_first;
  bool has_last;
};

/// Taps S0 to S1 - 1 of a row whose first number lies at `from`, others a step from each other.
template <std::size_t S0, std::size_t S1, class D, class T, class Vector, std::size_t P,
          class Numbers>
HWY_INLINE void add_taps(D d, const T* from, std::int64_t step, const T* weights,
                         const Numbers& numbers, Vector (&sum)[P][1]) {
  constexpr std::size_t taps = S1 - S0;
  Vector weight[taps];
  unroll<taps>([&](auto s)
                   HWY_ATTR { weight[s] = hn::LoadU(d, weights + (S0 + s) * hn::Lanes(d)); });
  from += std::int64_t{S0} * step;
  unroll<P + taps - 1>([&](auto j) HWY_ATTR {
    if constexpr (j > 0 && j % 4 == 0) {
      from += 4 * step;
    }
    const T* const number = from + static_cast<std::int64_t>(j % 4) * step;
    if constexpr (Numbers::may_lack(S0 + j)) {  // of one tap: the first or the last
      constexpr std::size_t s = j == 0 ? 0 : taps - 1;
      multiply_add_if(numbers.has(S0 + j), d, sum[j - s][0], number, weight[s]);
    } else {
      const auto value = hn::Set(d, *number);
      unroll<taps>([&](auto s) HWY_ATTR {
        if constexpr (j >= s && j - s < P) {
          multiply_add_to(sum[j - s][0], value, weight[s]);
        }
      });
    }
  });
  std::atomic_signal_fence(std::memory_order_acq_rel);
}

/// All taps of a row of S, from S0 on, in pieces as even as can be.
template <std::size_t S, std::size_t S0 = 0, class D, class T, class Vector, std::size_t P,
          class Numbers>
HWY_INLINE void add_row_of_taps(D d, const T* from, std::int64_t step, const T* weights,
                                const Numbers& numbers, Vector (&sum)[P][1]) {
  constexpr std::size_t pieces = (S - S0 + taps_at_once(P) - 1) / taps_at_once(P);
  constexpr std::size_t end = S0 + (S - S0 + pieces - 1) / pieces;
  add_taps<S0, end>(d, from, step, weights, numbers, sum);
  if constexpr (end < S) {
    add_row_of_taps<S, end>(d, from, step, weights, numbers, sum);
  }
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

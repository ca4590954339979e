// Each input is read once, so memory would be the limit if turning channels into vectors of pixels
// cost nothing. It is done in registers: 16 bytes of channels at a time, from as many pixels as a
// vector has lanes. Loads of 16 bytes put those of pixels 0, 4, 8 and 12 into one vector, of 1, 5,
// 9 and 13 into the next (of 4-byte elements), so that what remains to be turned is within 16
// bytes, two permutations a vector. A vector of one channel takes 4 loads of AVX-512 so and 2.5
// permutations, and is used for all output channels.
//
// The order of these loads, line after line a pixel apart, is one that processors do not foresee:
// of a large input it would get half of what memory can give. So meanwhile the next pixels' lines
// are loaded from end to end, for nothing but that; prefetch instructions did not have the effect.
#include "simd/interleaved_planar.h"

#include "simd/dispatch.h"

#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/interleaved_planar.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Channels of one load.
template <class T>
constexpr std::size_t channels_at_once = 16 / sizeof(T);

/// Of every pixel in N / channels_at_once, beginning with the first, the channels of one load.
template <std::size_t N, class T>
HWY_INLINE hn::Vec<hn::FixedTag<T, N>> load_every_few(const T* HWY_RESTRICT from,
                                                      std::ptrdiff_t step) {
  const hn::FixedTag<T, N> d;
  if constexpr (N == channels_at_once<T>) {
    return hn::LoadU(d, from);
  } else {
    const auto low = load_every_few<N / 2>(from, step);
    const auto high = load_every_few<N / 2>(from + static_cast<std::ptrdiff_t>(N / 2) * step, step);
    return hn::Combine(d, high, low);
  }
}

template <std::size_t I>
using Constant = std::integral_constant<std::size_t, I>;

/// use(i, vector of pixels) for each of the channels of one load, i a constant.
template <class D, class Use>
HWY_INLINE void each_channel(D d, const float* HWY_RESTRICT from, std::ptrdiff_t step, Use&& use) {
  constexpr std::size_t lanes = HWY_LANES(float);
  const hn::Repartition<double, D> pairs;
  const auto row0 = load_every_few<lanes>(from, step);
  const auto row1 = load_every_few<lanes>(from + step, step);
  const auto row2 = load_every_few<lanes>(from + 2 * step, step);
  const auto row3 = load_every_few<lanes>(from + 3 * step, step);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
  use(Constant<0>{}, hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)));
  use(Constant<1>{}, hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)));
  use(Constant<2>{}, hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)));
  use(Constant<3>{}, hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)));
}

#if HWY_HAVE_FLOAT64
template <class D, class Use>
HWY_INLINE void each_channel(D d, const double* HWY_RESTRICT from, std::ptrdiff_t step, Use&& use) {
  constexpr std::size_t lanes = HWY_LANES(double);
  const auto row0 = load_every_few<lanes>(from, step);
  const auto row1 = load_every_few<lanes>(from + step, step);
  use(Constant<0>{}, hn::InterleaveLower(d, row0, row1));
  use(Constant<1>{}, hn::InterleaveUpper(d, row0, row1));
}
#endif

/// One channel of a vector of pixels, for the few behind the last whole load.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> gather_pixels(D d, const T* HWY_RESTRICT from, std::ptrdiff_t step) {
  HWY_ALIGN T pixels[HWY_LANES(T)];
  for (T& pixel : pixels) {
    pixel = *from;
    from += step;
  }
  return hn::Load(d, pixels);
}

/// The sums of K output channels and a vector of pixels.
template <class T, std::size_t K>
struct InterleavedSums {
  using D = hn::FixedTag<T, HWY_LANES(T)>;
  using V = hn::Vec<D>;
  static constexpr std::size_t once = channels_at_once<T>;
  V sum[K];

  HWY_INLINE void clear() {
    unroll<K>([&](auto k) HWY_ATTR { sum[k] = hn::Zero(D()); });
  }

  HWY_INLINE void multiply_add(V channel, const T* HWY_RESTRICT weights) {
    unroll<K>([&](auto k)
                  HWY_ATTR { sum[k] = hn::MulAdd(hn::Set(D(), weights[k]), channel, sum[k]); });
  }

  /// The channels of one load.
  HWY_INLINE void add_load(const T* HWY_RESTRICT from, std::ptrdiff_t step,
                           const T* HWY_RESTRICT weights) {
    each_channel(D(), from, step,
                 [&](auto i, V channel) HWY_ATTR { multiply_add(channel, weights + i * K); });
  }

  HWY_INLINE void add_channel(const T* HWY_RESTRICT from, std::ptrdiff_t step,
                              const T* HWY_RESTRICT weights) {
    multiply_add(gather_pixels(D(), from, step), weights);
  }

  HWY_INLINE void store(const T* HWY_RESTRICT bias, T* HWY_RESTRICT to, std::ptrdiff_t step) const {
    unroll<K>([&](auto k) HWY_ATTR {
      hn::StoreU(hn::Add(sum[k], hn::Set(D(), bias[k])), D(), to);
      to += step;
    });
  }
};

/// Loads an element of each of as many lines as one step of a tile reads, for nothing.
template <class T>
HWY_INLINE void touch_lines(const T* HWY_RESTRICT from) {
  constexpr std::size_t line = 64 / sizeof(T);
  unroll<HWY_LANES(T) * channels_at_once<T> / line>([&](auto i) HWY_ATTR {
    static_cast<void>(*static_cast<const volatile T*>(from + i * line));
  });
}

/// A vector of pixels. What follows `next`, as much as they take, is loaded meanwhile.
template <std::size_t K, class T>
HWY_INLINE void sum_pixels(const InterleavedPlanarTile<T>& a, const T* HWY_RESTRICT pixels,
                           const T* HWY_RESTRICT next, T* HWY_RESTRICT after) {
  constexpr std::size_t once = channels_at_once<T>;
  const std::ptrdiff_t step = a.pixel_step;
  const T* HWY_RESTRICT weights = a.weights;
  InterleavedSums<T, K> sums;
  sums.clear();
  std::size_t c = 0;
  for (; c + once <= a.channels; c += once, weights += once * K) {
    sums.add_load(pixels + c, step, weights);
    touch_lines(next);
    next += HWY_LANES(T) * once;
  }
  for (; c < a.channels; ++c, weights += K) {
    sums.add_channel(pixels + c, step, weights);
  }
  sums.store(a.bias, after, a.after_step);
}

template <class T, std::size_t K>
void interleaved_planar_tile(const InterleavedPlanarTile<T>& a) {
  constexpr std::size_t lanes = HWY_LANES(T);
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(lanes) * a.pixel_step;
  const bool dense = a.pixel_step == static_cast<std::ptrdiff_t>(a.channels);
  const T* pixels = a.pixels;
  for (std::size_t v = 0; v < a.vectors; ++v, pixels += step) {
    const bool follows = dense && (v + 2) * lanes <= a.line;
    sum_pixels<K>(a, pixels, follows ? pixels + step : pixels, a.after + v * lanes);
  }
}

template <class T, std::size_t... K>
constexpr InterleavedPlanarKernels<T> interleaved_planar_table(std::index_sequence<K...>) {
  return {nullptr, interleaved_planar_tile<T, K + 1>...};
}

const InterleavedPlanarKernels<float>& interleaved_planar_floats() {
  static constexpr auto table =
      interleaved_planar_table<float>(std::make_index_sequence<most_interleaved_outputs>());
  return table;
}

const InterleavedPlanarKernels<double>& interleaved_planar_doubles() {
#if HWY_HAVE_FLOAT64
  static constexpr auto table =
      interleaved_planar_table<double>(std::make_index_sequence<most_interleaved_outputs>());
#else
  static constexpr InterleavedPlanarKernels<double> table{};
#endif
  return table;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(interleaved_planar_floats);
HWY_EXPORT(interleaved_planar_doubles);

template <>
const InterleavedPlanarKernels<float>& interleaved_planar_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(interleaved_planar_floats)();
}

template <>
const InterleavedPlanarKernels<double>& interleaved_planar_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(interleaved_planar_doubles)();
}

}  // namespace conv2d::simd
#endif

// Register tiles of 1x1 layers whose vectors run along pixels. With 32 vector registers 14 outputs
// x 2 vectors hold 28 sums, 2 vectors of pixels and 1 broadcast weight: 14 cycles where two
// multiply-adds start in each, and 16 loads, of which 2 come from the second cache, for it is there
// that the pixels of many channels are. With 16 registers 6 outputs x 2 vectors.
//
// Each channel's pixels lie in a page of their own, so that a processor does not guess what is read
// after them, nor what is written to as many planes: tiles ask for both. Measured on a Xeon with
// AVX-512, one tile in each call, which asked for the next pixels again and again, reached 0.75 to
// 0.83 of the rate of multiply-adds alone, all output tiles in one call 0.83 to 0.90, those that
// ask evenly 0.88 to 0.97.
#include "simd/pointwise_planes.h"

#include "simd/dispatch.h"
#include "simd/fetch.h"

#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/pointwise_planes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/long_rounds-inl.h"
#include "simd/planar_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t pointwise_outputs = vector_registers > 16 ? most_pointwise_outputs : 6;

/// Channels between two jumps, and between what a tile asks for.
constexpr std::size_t round_channels = 4;

/// Rows of some vectors that a tile asks for, `step` elements apart.
template <class T, std::size_t J>
struct RowsAhead {
  /// One row.
  template <class Fetch>
  HWY_INLINE void ask(const Fetch& fetch) {
    if (rows > 0) {
      unroll<J>([&](auto j) HWY_ATTR { fetch(next + j * hn::Lanes(hn::ScalableTag<T>())); });
      next += step;
      --rows;
    }
  }

  const T* next;
  std::ptrdiff_t step;
  std::size_t rows;
};

/// The pixels that are read then: each output tile asks for its share.
template <class T, std::size_t J>
struct PixelsAhead {
  explicit PixelsAhead(const PointwisePlanes<T>& a)
      : next(a.pixels_then),
        step(a.channel_step),
        rows(a.channels_then),
        at_once(a.output_tiles >= 4   ? 1
                : a.output_tiles >= 2 ? 2
                                      : 4),
        share(at_once * (a.channels / round_channels)) {}

  HWY_INLINE RowsAhead<T, J> take_share() {
    const RowsAhead<T, J> taken{next, step, HWY_MIN(share, rows)};
    next += static_cast<std::ptrdiff_t>(taken.rows) * step;
    rows -= taken.rows;
    return taken;
  }

  const T* next;
  std::ptrdiff_t step;
  std::size_t rows;
  std::size_t at_once;  ///< in a round
  std::size_t share;
};

template <class T, std::size_t K, std::size_t J, std::size_t... I>
HWY_INLINE void take_channels(std::index_sequence<I...> /*channels*/, PlanarSums<T, K, J>& sums,
                              const T* pixels, std::ptrdiff_t step, const T* weights) {
  (take_step(sums, pixels + static_cast<std::ptrdiff_t>(I) * step, weights + I * K), ...);
}

/// All products of an output tile.
template <class T, std::size_t K, std::size_t J>
HWY_INLINE void add_products(const PointwisePlanes<T>& a, const T* weights,
                             RowsAhead<T, J> pixels_then, std::size_t at_once,
                             RowsAhead<T, J> results_then, PlanarSums<T, K, J>& sums) {
  const T* pixels = a.pixels;
  const std::ptrdiff_t step = a.channel_step;
  std::size_t c = a.channels;
  for (; c >= round_channels; c -= round_channels) {
    const auto fetch = [](const T* from) { fetch_for_reading(from); };
    pixels_then.ask(fetch);
    if (at_once > 1) {  // no loop: GCC would keep sums in memory
      pixels_then.ask(fetch);
      if (at_once > 2) {
        pixels_then.ask(fetch);
        pixels_then.ask(fetch);
      }
    }
    results_then.ask([](const T* from) { fetch_for_writing(from); });
    take_channels(std::make_index_sequence<round_channels>(), sums, pixels, step, weights);
    pixels += std::ptrdiff_t{round_channels} * step;
    weights += round_channels * K;
  }
  for (; c > 0; --c, pixels += step, weights += K) {
    take_step(sums, pixels, weights);
  }
}

template <class T, std::size_t K, std::size_t J>
void pointwise_tiles(const PointwisePlanes<T>& a) {
  constexpr auto outputs = static_cast<std::ptrdiff_t>(K);
  const T* weights = a.weights;
  const T* before = a.before;
  const T* bias = a.bias;
  T* after = a.after;
  PixelsAhead<T, J> pixels_then(a);
  for (std::size_t i = 0; i < a.output_tiles; ++i, weights += a.weight_step) {
    PlanarSums<T, K, J> sums;
    sums.begin(before, a.before_step);
    before = before == nullptr ? nullptr : before + outputs * a.before_step;
    T* const to = after;
    after += outputs * a.after_step;
    const T* const then = i + 1 < a.output_tiles ? after : a.after_then;
    const bool asks = a.asks_for_results && then != nullptr;
    add_products(a, weights, pixels_then.take_share(), pixels_then.at_once,
                 RowsAhead<T, J>{then, a.after_step, asks ? K : 0}, sums);
    if (bias != nullptr) {
      sums.add(bias);
      bias += K;
    }
    if (a.streams) {
      sums.stream(to, a.after_step);
    } else {
      sums.store(to, a.after_step, a.last);
    }
  }
}

template <class T, std::size_t K, std::size_t J>
constexpr RunPointwisePlanes<T> pointwise_or_nothing() {
  if constexpr (J > 0 && 2 * K >= pointwise_outputs && K <= pointwise_outputs) {
    return pointwise_tiles<T, K, J>;
  } else {
    return nullptr;
  }
}

template <class T, std::size_t K, std::size_t... J>
constexpr std::array<RunPointwisePlanes<T>, most_pointwise_vectors + 1> pointwise_row(
    std::index_sequence<J...>) {
  return {pointwise_or_nothing<T, K, J>()...};
}

template <class T, std::size_t... K>
constexpr PointwiseKernels<T> pointwise_table(std::index_sequence<K...>) {
  constexpr auto vectors = std::make_index_sequence<most_pointwise_vectors + 1>();
  return {.outputs = pointwise_outputs, .tile = {pointwise_row<T, K>(vectors)...}};
}

const PointwiseKernels<float>& pointwise_floats() {
  static constexpr auto kernels =
      pointwise_table<float>(std::make_index_sequence<most_pointwise_outputs + 1>());
  return kernels;
}

const PointwiseKernels<double>& pointwise_doubles() {
#if HWY_HAVE_FLOAT64
  static constexpr auto kernels =
      pointwise_table<double>(std::make_index_sequence<most_pointwise_outputs + 1>());
#else
  static constexpr PointwiseKernels<double> kernels{};
#endif
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(pointwise_floats);
HWY_EXPORT(pointwise_doubles);

template <>
const PointwiseKernels<float>& pointwise_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(pointwise_floats)();
}

template <>
const PointwiseKernels<double>& pointwise_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(pointwise_doubles)();
}

}  // namespace conv2d::simd
#endif

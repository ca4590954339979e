// Register tiles whose vectors run along pixels. With 16 vector registers a tile of 6 output
// channels x 2 vectors holds 12 sums, 2 vectors of pixels and 1 broadcast weight; its 12
// multiply-adds take 6 cycles where two start in each, and its 8 loads 4, so that loads which
// cross a cache line, as most of the taps' do, still keep up; 2 vectors of 8 are a line of the
// output. With 32 registers 8 x 3 holds 24 + 3 + 1: 12 cycles, and 14 loads even where each pixel
// load crosses a line.
//
// Fewer channels take more vectors: at least 8 sums must be under way to hide the 4 cycles after
// which a sum can be added to again.
#include "simd/planar.h"

#include "simd/dispatch.h"
#include "simd/round.h"

#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/planar.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/long_rounds-inl.h"
#include "simd/planar_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// AVX-512 and NEON have 32 vector registers.
#if (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) || HWY_ARCH_ARM
constexpr std::size_t planar_vectors[] = {0, 8, 8, 7, 5, 4, 4, 3, 3};
constexpr std::size_t planar_outputs = 8;
#else
constexpr std::size_t planar_vectors[] = {0, 8, 5, 3, 3, 2, 2, 0, 0};
constexpr std::size_t planar_outputs = 6;
#endif

/// All taps of a channel.
template <class T, std::size_t K, std::size_t J, std::size_t... I>
HWY_INLINE void take_taps(std::index_sequence<I...> /*taps*/, PlanarSums<T, K, J>& sums,
                          const T* channel, const std::ptrdiff_t* taps, const T* weights) {
  (take_step(sums, channel + taps[I], weights + I * K), ...);
}

/// The only tap of several channels.
template <class T, std::size_t K, std::size_t J, std::size_t... I>
HWY_INLINE void take_channels(std::index_sequence<I...> /*channels*/, PlanarSums<T, K, J>& sums,
                              const T* channel, std::ptrdiff_t step, const T* weights) {
  const auto next = [&](std::size_t i) { return channel + static_cast<std::ptrdiff_t>(i) * step; };
  ((PlanarSums<T, K, J>::prefetch_next(next(I)), take_step(sums, next(I), weights + I * K)), ...);
}

/// All products of a tile.
template <Round round, class T, std::size_t K, std::size_t J>
HWY_INLINE void add_products(const PlanarTile<T>& a, const T* channel, PlanarSums<T, K, J>& sums) {
  const std::ptrdiff_t* HWY_RESTRICT const taps = a.taps.data();
  const std::size_t count = a.taps.size();
  const std::ptrdiff_t step = a.channel_step;
  const T* weights = a.weights;
  if constexpr (round == Round::four_channels) {
    channel += taps[0];
    for (std::size_t c = 0; c < a.channels; c += steps_of(round)) {
      take_channels(std::make_index_sequence<steps_of(round)>(), sums, channel, step, weights);
      channel += std::ptrdiff_t{steps_of(round)} * step;
      weights += steps_of(round) * K;
    }
    return;
  }
  for (std::size_t c = 0; c < a.channels; ++c, channel += step) {
    PlanarSums<T, K, J>::prefetch_next(channel);
    if constexpr (round == Round::nine_taps) {
      take_taps(std::make_index_sequence<steps_of(round)>(), sums, channel, taps, weights);
      weights += steps_of(round) * K;
    } else {
      for (std::size_t t = 0; t < count; ++t, weights += K) {
        sums.multiply_add(channel + taps[t], weights);
      }
    }
  }
}

template <Round round, class T, std::size_t K, std::size_t J>
void planar_tile_in_rounds(const PlanarTile<T>& a) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  for (std::size_t i = 0; i < a.tiles; ++i) {
    PlanarSums<T, K, J> sums;
    sums.begin(a.before, a.before_step);
    add_products<round>(a, a.pixels + i * J * lanes, sums);
    if (a.bias != nullptr) {
      sums.add(a.bias);
    }
    T* const after = a.after + i * J * lanes;
    if (a.streams) {
      sums.stream(after, a.after_step);
    } else {
      sums.store(after, a.after_step, i + 1 < a.tiles ? lanes : a.last);
    }
  }
}

/// Whether the next tile's pixels come in time although four channels ask for them at once: of few
/// vectors, and not where each of many channels lies in pages of its own, so that the first cache
/// does not hold a tile and no processor guesses what comes next. Measured, those lose 5 to 8%.
template <class T>
bool may_take_four_channels(const PlanarTile<T>& a, std::size_t vectors) {
  constexpr std::size_t page = 4096;
  constexpr std::size_t kept = std::size_t{24} * 1024;  // of a first cache of 32 or 48 KiB
  const std::size_t line = hn::Lanes(hn::ScalableTag<T>()) * sizeof(T);
  return vectors <= 3 && a.taps.size() == 1 && a.channels % 4 == 0 &&
         (a.channels * vectors * line <= kept ||
          static_cast<std::size_t>(a.channel_step) * sizeof(T) < page);
}

template <class T, std::size_t K, std::size_t J>
void planar_tile(const PlanarTile<T>& a) {
  if constexpr (has_long_rounds<T>(K * J, J)) {
    if (may_take_four_channels(a, J)) {
      planar_tile_in_rounds<Round::four_channels, T, K, J>(a);
      return;
    }
    if (a.taps.size() == 9) {
      planar_tile_in_rounds<Round::nine_taps, T, K, J>(a);
      return;
    }
  }
  planar_tile_in_rounds<Round::one_tap, T, K, J>(a);
}

template <class T, std::size_t K, std::size_t J>
constexpr RunPlanarTile<T> planar_tile_or_nothing() {
  if constexpr (J > 0 && J <= planar_vectors[K]) {
    return planar_tile<T, K, J>;
  } else {
    return nullptr;
  }
}

template <class T, std::size_t K, std::size_t... J>
constexpr std::array<RunPlanarTile<T>, most_planar_vectors + 1> planar_tiles(
    std::index_sequence<J...>) {
  return {planar_tile_or_nothing<T, K, J>()...};
}

template <class T, std::size_t... K>
PlanarKernels<T> make_planar_kernels(std::index_sequence<K...>) {
  constexpr auto vectors = std::make_index_sequence<most_planar_vectors + 1>();
  return {.lanes = hn::Lanes(hn::ScalableTag<T>()),
          .vectors = std::to_array(planar_vectors),
          .tile = {planar_tiles<T, K>(vectors)...},
          .outputs = planar_outputs};
}

const PlanarKernels<float>& planar_floats() {
  static const auto kernels =
      make_planar_kernels<float>(std::make_index_sequence<most_planar_outputs + 1>());
  return kernels;
}

const PlanarKernels<double>& planar_doubles() {
#if HWY_HAVE_FLOAT64
  static const auto kernels =
      make_planar_kernels<double>(std::make_index_sequence<most_planar_outputs + 1>());
#else
  static const PlanarKernels<double> kernels{};
#endif
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(planar_floats);
HWY_EXPORT(planar_doubles);

template <>
const PlanarKernels<float>& planar_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(planar_floats)();
}

template <>
const PlanarKernels<double>& planar_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(planar_doubles)();
}

}  // namespace conv2d::simd
#endif

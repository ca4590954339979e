// A tile is a run of up to 14 output pixels by one vector of outputs. For kernels of 3 or 5 columns
// the weights of a kernel row are in registers, and a block of inputs is loaded once for all
// outputs of the tile that read it: 16 loads of pixels and 3 of weights for 42 multiply-adds in a
// row of a 3x3 kernel, 29 and 3 with pixels of stride 2. With 16 registers a tile has 8 pixels.
#include "simd/joined_groups.h"

#include "simd/dispatch.h"
#include "simd/fetch.h"
#include "simd/next_tiles.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/joined_groups.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/long_rounds-inl.h"
#include "simd/multiply_add-inl.h"
#include "simd/store_first-inl.h"
#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// So many elements from there on, again and again: one load.
template <std::size_t B, class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_block(D d, const T* from) {
  constexpr std::size_t bytes = B * sizeof(T);
  if constexpr (B == 1) {
    return hn::Set(d, *from);
  } else if constexpr (bytes == 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, from, sizeof block);
    return hn::BitCast(d, hn::Set(hn::Repartition<std::uint64_t, D>(), block));
  } else if constexpr (bytes == 16) {
    return hn::LoadDup128(d, from);
  } else {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    const auto half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return hn::BitCast(d, hn::Vec<hn::Repartition<std::int64_t, D>>{_mm512_broadcast_i64x4(half)});
#endif
  }
}

/// The sums of P pixels.
template <class T, std::size_t B, std::size_t P>
struct JoinedSums {
  using D = hn::ScalableTag<T>;
  hn::Vec<D> sum[P];

  HWY_INLINE void clear() {
    unroll<P>([&](auto q) HWY_ATTR { sum[q] = hn::Zero(D()); });
  }

  HWY_INLINE void store(const JoinedGroups<T>& a, T* HWY_RESTRICT to) const {
    constexpr D d;
    const auto order = hn::SetTableIndices(d, a.order);
    const auto bias = hn::LoadU(d, a.bias);
    unroll<P>([&](auto q) HWY_ATTR {
      const auto result = hn::Add(hn::TableLookupLanes(sum[q], order), bias);
      if (a.streams) {
        hn::Stream(result, d, to);
      } else {
        store_first(result, d, to, a.outputs);
      }
      to += a.to_step;
    });
  }

  /// S columns of a kernel row: pixel j is column j - q*Stride of output q.
  template <std::size_t S, std::size_t Stride>
  HWY_INLINE void add_columns(const T* HWY_RESTRICT from, std::ptrdiff_t step,
                              const T* HWY_RESTRICT weights) {
    constexpr D d;
    hn::Vec<D> w[S];
    unroll<S>([&](auto s) HWY_ATTR { w[s] = hn::LoadU(d, weights + s * hn::Lanes(d)); });
    unroll<(P - 1) * Stride + S>([&](auto j) HWY_ATTR {
      if constexpr (j > 0 && j % 4 == 0) {
        from += 4 * step;
      }
      const auto x = load_block<B>(d, from + static_cast<std::ptrdiff_t>(j % 4) * step);
      unroll<P>([&](auto q) HWY_ATTR {
        if constexpr (j >= q * Stride && j < q * Stride + S) {
          multiply_add_to(sum[q], x, w[j - q * Stride]);
        }
      });
    });
  }

  /// All columns of a kernel row, however many and however far apart pixels are.
  HWY_INLINE void add_row(const JoinedGroups<T>& a, const T* HWY_RESTRICT from,
                          const T* HWY_RESTRICT weights) {
    constexpr D d;
    const std::ptrdiff_t apart = static_cast<std::ptrdiff_t>(a.stride) * a.pixel_step;
    for (std::size_t s = 0; s < a.kernel_columns;
         ++s, from += a.pixel_step, weights += hn::Lanes(d)) {
      const auto w = hn::LoadU(d, weights);
      const T* HWY_RESTRICT pixel = from;
      unroll<P>([&](auto q) HWY_ATTR {
        if constexpr (q > 0 && q % 4 == 0) {
          pixel += 4 * apart;
        }
        const auto x = load_block<B>(d, pixel + static_cast<std::ptrdiff_t>(q % 4) * apart);
        multiply_add_to(sum[q], x, w);
      });
    }
  }
};

/// S is 0 where kernels are of any width, and pixels of any stride.
template <class T, std::size_t B, std::size_t S, std::size_t Stride, std::size_t P>
void joined_groups_tiles(const JoinedGroups<T>& a) {
  const std::ptrdiff_t tile_step = static_cast<std::ptrdiff_t>(P * a.stride) * a.pixel_step;
  const T* ahead = a.ahead;
  T* to = a.to;
  std::ptrdiff_t first = 0;
  for (std::size_t tile = 0; tile < a.tiles; ++tile) {
    JoinedSums<T, B, P> sums;
    sums.clear();
    const T* HWY_RESTRICT weights = a.weights;
    std::ptrdiff_t next = first;
    for (std::size_t i = 0; i < a.inputs; ++i, next += static_cast<std::ptrdiff_t>(B)) {
      fetch_for_reading_until(ahead, ahead + a.ahead_step);
      for (std::size_t r = 0; r < a.kernel_rows; ++r, weights += a.weight_row) {
        if (a.rows[r] == nullptr) {
          continue;
        }
        if constexpr (S == 0) {
          sums.add_row(a, a.rows[r] + next, weights);
        } else {
          sums.template add_columns<S, Stride>(a.rows[r] + next, a.pixel_step, weights);
        }
        std::atomic_signal_fence(std::memory_order_acq_rel);
      }
    }
    sums.store(a, to);
    first += tile_step;
    to += static_cast<std::ptrdiff_t>(P) * a.to_step;
  }
}

/// The first channels of a pixel, and zeros.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* HWY_RESTRICT from, std::size_t count) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
#else
  HWY_ALIGN T all[HWY_MAX_BYTES / sizeof(T)] = {};
  for (std::size_t i = 0; i < count; ++i) {
    all[i] = from[i];
  }
  return hn::Load(d, all);
#endif
}

/// What `a` says is read before: a compiler has to think that a store may change it.
template <class T>
void join_channels(const JoinChannels<T>& a) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto order = hn::SetTableIndices(d, a.order);
  const std::ptrdiff_t from_step = a.from_step;
  const std::ptrdiff_t to_step = a.to_step;
  const std::size_t pixels = a.pixels;
  const std::size_t channels = a.channels;
  for (std::size_t v = 0; v < channels; v += lanes) {
    const T* from = a.from + v;
    T* to = a.to + v;
    const std::size_t left = channels - v;
    std::size_t i = 0;
    for (; left >= lanes && i + 4 <= pixels; i += 4, from += 4 * from_step, to += 4 * to_step) {
      unroll<4>([&](auto j) HWY_ATTR {
        const auto n = static_cast<std::ptrdiff_t>(j);
        hn::StoreU(hn::TableLookupLanes(hn::LoadU(d, from + n * from_step), order), d,
                   to + n * to_step);
      });
    }
    for (; i < pixels; ++i, from += from_step, to += to_step) {
      const auto some = left < lanes ? load_first(d, from, left) : hn::LoadU(d, from);
      hn::StoreU(hn::TableLookupLanes(some, order), d, to);
    }
  }
}

/// Of every number of pixels where they are few, and of the most, which a compiler takes long for.
constexpr bool is_joined_tile(std::size_t pixels) {
  return pixels <= 8 || (pixels == most_joined_pixels && vector_registers > 16);
}

template <class T, std::size_t B, std::size_t S, std::size_t Stride, std::size_t P>
constexpr typename JoinedGroupsKernels<T>::Tile joined_tile_or_nothing() {
  if constexpr (P > 0 && is_joined_tile(P)) {
    return joined_groups_tiles<T, B, S, Stride, P>;
  } else {
    return nullptr;
  }
}

template <class T, std::size_t B, std::size_t S, std::size_t Stride, std::size_t... P>
constexpr typename JoinedGroupsKernels<T>::Tiles joined_tiles(std::index_sequence<P...> /*all*/) {
  return {joined_tile_or_nothing<T, B, S, Stride, P>()...};
}

template <class T, std::size_t B>
constexpr typename JoinedGroupsKernels<T>::OfBlock tiles_of_block() {
  typename JoinedGroupsKernels<T>::OfBlock tiles{};
  if constexpr (B * sizeof(T) < HWY_MAX_BYTES) {
    constexpr auto pixels = std::make_index_sequence<most_joined_pixels + 1>();
    // Of groups of up to 8 outputs a vector of AVX-512 holds several.
    if constexpr (std::is_same_v<T, float> && (B > 1 || HWY_MAX_BYTES < 64)) {
      tiles.unrolled = {{{joined_tiles<T, B, 3, 1>(pixels), joined_tiles<T, B, 3, 2>(pixels)},
                         {joined_tiles<T, B, 5, 1>(pixels), joined_tiles<T, B, 5, 2>(pixels)}}};
    }
    tiles.any = joined_tiles<T, B, 0, 0>(pixels);
  }
  return tiles;
}

/// One of few pixels takes as long as its sums have to wait for each other.
constexpr double cost_of_joined_tile(std::size_t pixels) {
  constexpr std::size_t waits = 8;
  constexpr std::size_t call = 1;
  return static_cast<double>(HWY_MAX(pixels, waits) + call);
}

template <class T>
JoinedGroupsKernels<T> make_joined_groups_kernels() {
  return {.lanes = hn::Lanes(hn::ScalableTag<T>()),
          .blocks = {tiles_of_block<T, 1>(), tiles_of_block<T, 2>(), tiles_of_block<T, 4>(),
                     tiles_of_block<T, 8>()},
          .next = next_tiles<most_joined_pixels>(is_joined_tile, cost_of_joined_tile),
          .most_pixels = is_joined_tile(most_joined_pixels) ? most_joined_pixels : 8,
          .join = join_channels<T>};
}

const JoinedGroupsKernels<float>& joined_groups_floats() {
  static const auto kernels = make_joined_groups_kernels<float>();
  return kernels;
}

const JoinedGroupsKernels<double>& joined_groups_doubles() {
#if HWY_HAVE_FLOAT64
  static const auto kernels = make_joined_groups_kernels<double>();
#else
  static const JoinedGroupsKernels<double> kernels{};
#endif
  return kernels;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(joined_groups_floats);
HWY_EXPORT(joined_groups_doubles);

template <>
const JoinedGroupsKernels<float>& joined_groups_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(joined_groups_floats)();
}

template <>
const JoinedGroupsKernels<double>& joined_groups_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(joined_groups_doubles)();
}

}  // namespace conv2d::simd
#endif

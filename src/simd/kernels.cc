// Register tiles. With 32 vector registers a tile of 6 pixels x 4 vectors holds 24 sums, 4 weights
// and 1 input value; its 24 multiply-adds take 12 cycles where two start in each, longer than the
// 4 cycles after which a sum can be added to again. With 16 registers 6 x 2 holds 12 + 2 + 1.
// Narrow layers take more pixels instead: 8 x 3, 14 x 2, 28 x 1 (4 x 3, 6 x 2, 12 x 1). The
// narrowest, with AVX-512, take 28 x 1 vectors of 32 bytes: of these Zen 4 multiplies two in a
// cycle.
//
// Where pixels lie evenly in memory their addresses come from a step. A table of pointers, one for
// each pixel and tap, costs a load for each input value more, which limits tiles of one vector.
//
// An input value is broadcast once into a register rather than by each multiply-add: loads, of
// which two or three start in a cycle, would then be the limit. A tile of one vector has one
// multiply-add for each value, which then broadcasts it, unless several taps share pixels
// (simd/shared_pixels-inl.h).
#include "simd/kernels.h"

#include "simd/dispatch.h"
#include "simd/fetch.h"
#include "simd/next_tiles.h"
#include "simd/round.h"
#include "simd/tile_cycles.h"

#include <atomic>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/kernels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/long_rounds-inl.h"
#include "simd/look_ahead-inl.h"
#include "simd/multiply_add-inl.h"
#include "simd/shared_pixels-inl.h"
#include "simd/store_first-inl.h"
#include "simd/tile_pixels-inl.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// AVX-512 and NEON have 32 vector registers.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr std::size_t tile_pixels[] = {28, 28, 14, 8, 6};
#elif HWY_ARCH_ARM
constexpr std::size_t tile_pixels[] = {0, 28, 14, 8, 6};
#else
constexpr std::size_t tile_pixels[] = {0, 12, 6, 4, 0};
#endif

/// Vectors of doubles are not halved: it takes groups of 4 or 12 channels to leave a half idle.
template <class T>
constexpr std::size_t most_pixels_of(std::size_t v) {
  return v == half_vector && sizeof(T) > sizeof(float) ? 0 : tile_pixels[v];
}

/// What sums begin with.
template <class T>
alignas(64) constexpr T no_sums[most_vectors * HWY_MAX_BYTES / sizeof(T)] = {};

/// Sums of no products: the bias, or what was there.
template <class D, class T = hn::TFromD<D>>
void no_tap(D d, const TileArguments<T>& a, std::size_t pixels, std::size_t vectors) {
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t v = 0; v < vectors; ++v) {
      T* to = a.sums + i * static_cast<std::size_t>(a.sum_stride) + v * hn::Lanes(d);
      auto sum = a.begins ? hn::Zero(d) : hn::LoadU(d, to);
      if (a.bias != nullptr) {
        sum = hn::Add(sum, hn::LoadU(d, a.bias + v * hn::Lanes(d)));
      }
      store_first(sum, d, to, hn::Lanes(d) - (v + 1 < vectors ? 0 : a.idle_lanes));
    }
  }
}

/// The last vectors of sums, without their idle lanes.
template <class D, class T = hn::TFromD<D>>
void store_partial(D d, const TileArguments<T>& a, const T* vectors, std::size_t pixels,
                   std::size_t vector_count) {
  const std::size_t lanes = hn::Lanes(d);
  T* to = a.sums + (vector_count - 1) * lanes;
  for (std::size_t i = 0; i < pixels; ++i, to += a.sum_stride) {
    store_first(hn::LoadU(d, vectors + i * lanes), d, to, lanes - a.idle_lanes);
  }
}

/// Adds the bias and stores. What `a` says is read before: a compiler has to think that a store may
/// change it.
template <class D, class T, class Vector, std::size_t P, std::size_t V>
HWY_INLINE void store_sums(D d, const TileArguments<T>& a, const Vector (&sum)[P][V]) {
  const std::size_t lanes = hn::Lanes(d);
  const auto stride = static_cast<std::size_t>(a.sum_stride);
  T* HWY_RESTRICT const sums = a.sums;
  const T* HWY_RESTRICT const bias = a.bias;
  if (bias == nullptr) {
    each_pixel<P>([&](std::size_t i) HWY_ATTR {
      for (std::size_t v = 0; v < V; ++v) {
        hn::StoreU(sum[i][v], d, sums + i * stride + v * lanes);
      }
    });
    return;
  }
  if (a.streams) {
    each_pixel<P>([&](std::size_t i) HWY_ATTR {
      for (std::size_t v = 0; v < V; ++v) {
        hn::Stream(hn::Add(sum[i][v], hn::LoadU(d, bias + v * lanes)), d,
                   sums + i * stride + v * lanes);
      }
    });
    return;
  }
  if (a.idle_lanes == 0) {
    each_pixel<P>([&](std::size_t i) HWY_ATTR {
      for (std::size_t v = 0; v < V; ++v) {
        hn::StoreU(hn::Add(sum[i][v], hn::LoadU(d, bias + v * lanes)), d,
                   sums + i * stride + v * lanes);
      }
    });
    return;
  }
  HWY_ALIGN T partial[P * (HWY_MAX_BYTES / sizeof(T))];
  each_pixel<P>([&](std::size_t i) HWY_ATTR {
    for (std::size_t v = 0; v < V; ++v) {
      T* to = v + 1 < V ? sums + i * stride + v * lanes : partial + i * lanes;
      hn::StoreU(hn::Add(sum[i][v], hn::LoadU(d, bias + v * lanes)), d, to);
    }
  });
  store_partial(d, a, partial, P, V);
}

/// One tap of one channel.
template <class D, class Values, class T, class Vector, std::size_t P, std::size_t V>
HWY_INLINE void multiply_add(D d, const Values& values, const T* const* pixels, std::size_t t,
                             std::int64_t c, const T* tap, Vector (&sum)[P][V]) {
  Vector weight[V];
  for (std::size_t v = 0; v < V; ++v) {
    weight[v] = hn::LoadU(d, tap + v * hn::Lanes(d));
  }
  values.each(pixels, t, c, [&](std::size_t i, const T* from) HWY_ATTR {
    const auto value = hn::Set(d, *from);
    for (std::size_t v = 0; v < V; ++v) {
      if constexpr (Values::in_long_rounds) {
        multiply_add_to(sum[i][v], value, weight[v]);
      } else {
        sum[i][v] = hn::MulAdd(value, weight[v], sum[i][v]);
      }
    }
  });
}

/// One tap of one channel, and nothing of what comes later: a compiler would load weights for which
/// it has no registers yet.
template <class D, class Values, class T, class Vector, std::size_t P, std::size_t V>
HWY_INLINE void take_step(D d, const Values& values, const T* const* pixels, std::size_t t,
                          std::int64_t c, const T* tap, Vector (&sum)[P][V]) {
  multiply_add(d, values, pixels, t, c, tap, sum);
  std::atomic_signal_fence(std::memory_order_acq_rel);
}

/// The steps of a round. `taps` says which those are whose pixels come first, and weights are those
/// of the channel.
template <Round round, class D, class Values, class T, class Vector, std::size_t P, std::size_t V,
          std::size_t... I>
HWY_INLINE void take_round(std::index_sequence<I...> /*steps*/, D d, const Values& values,
                           const T* const* pixels, const std::size_t* taps, std::int64_t c,
                           const T* weights, Vector (&sum)[P][V]) {
  const std::size_t step = V * hn::Lanes(d);
  if constexpr (round == Round::four_channels) {
    (take_step(d, values, pixels, 0, c + static_cast<std::int64_t>(I), weights + I * step, sum),
     ...);
  } else if constexpr (round == Round::nine_taps) {
    (take_step(d, values, pixels + I * Values::pointers, I, c, weights + I * step, sum), ...);
  } else {
    (take_step(d, values, pixels + I * Values::pointers, I, c, weights + taps[I] * step, sum), ...);
  }
}

/// The taps of a row that share pixels, the first of which is the t-th of the tile.
template <Round round, class D, class Values, class T, class Vector, std::size_t P>
HWY_INLINE void take_shared(D d, const Values& values, const T* const* pixels, std::size_t t,
                            std::int64_t c, const T* row, Vector (&sum)[P][1]) {
  constexpr std::size_t taps = steps_of(round);
  if constexpr (Values::ends_row) {
    const SomeOfRow<P + taps - 2> numbers{values.reads[t] != Reads::all_but_first,
                                          values.reads[t + taps - 1] != Reads::all_but_last};
    add_row_of_taps<taps>(d, pixels[0] - values.step + c, values.step, row, numbers, sum);
  } else {
    add_row_of_taps<taps>(d, pixels[0] + c, values.step, row, AllOfRow{}, sum);
  }
}

/// All products of a tile from a channel on. What `a` says is read before: after a fence a compiler
/// has to read it again.
template <Round round, bool looks_ahead, class D, class Values, class T, class Vector,
          std::size_t P, std::size_t V>
HWY_INLINE void add_products(D d, const TileArguments<T>& a, const Values& values, std::int64_t c,
                             Ahead<looks_ahead, T>& all_ahead, Vector (&sum)[P][V]) {
  constexpr std::size_t steps = steps_of(round);
  constexpr auto all_steps = std::make_index_sequence<steps>();
  const std::size_t step = V * hn::Lanes(d);
  const std::size_t next_channel = a.all_taps * step;
  const std::size_t count = a.taps.size();
  const std::size_t* HWY_RESTRICT const taps = a.taps.data();
  const T* const* const pixels = a.pixels;
  const std::int64_t last = c + a.channels;
  const T* weights = a.weights;
  Ahead<looks_ahead, T> ahead = all_ahead;
  if constexpr (round == Round::four_channels) {
    do {
      ahead.fetch();
      take_round<round>(all_steps, d, values, pixels, taps, c, weights, sum);
      weights += steps * step;
      c += std::int64_t{steps};
    } while (c < last);
  } else if constexpr (round == Round::nine_taps) {
    do {
      ahead.fetch();
      take_round<round>(all_steps, d, values, pixels, taps, c, weights, sum);
      weights += steps * step;
    } while (++c < last);
  } else {
    do {
      const T* const* pixel = pixels;
      const std::size_t* tap = taps;
      do {
        if constexpr (shares_pixels(round)) {
          take_shared<round>(d, values, pixel, static_cast<std::size_t>(tap - taps), c,
                             weights + *tap * step, sum);
        } else if constexpr (round == Round::one_tap) {
          multiply_add(d, values, pixel, static_cast<std::size_t>(tap - taps), c,
                       weights + *tap * step, sum);
        } else {
          take_round<round>(all_steps, d, values, pixel, tap, c, weights, sum);
        }
        pixel += steps * Values::pointers;
        tap += steps;
      } while (tap < taps + count);
      weights += next_channel;
      ahead.fetch();
    } while (++c < last);
  }
  all_ahead = ahead;
}

/// No branch stands between where sums are loaded, where they are added to and where they are
/// stored: GCC would pass them on in memory, which takes as long as ten more channels.
template <Round round, bool looks_ahead, class D, std::size_t P, std::size_t V,
          template <class, std::size_t> class Pixels>
void tile(const TileArguments<hn::TFromD<D>>& a) {
  using T = hn::TFromD<D>;
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  if (a.taps.empty() || a.channels == 0) {
    no_tap(d, a, P, V);
    return;
  }
  const auto stride = static_cast<std::size_t>(a.sum_stride);
  const T* before = a.begins ? no_sums<T> : a.sums;
  const std::size_t before_stride = a.begins ? 0 : stride;
  const Pixels<T, P> values(a);
  hn::Vec<D> sum[P][V];
  each_pixel<P>([&](std::size_t i) HWY_ATTR {
    for (std::size_t v = 0; v < V; ++v) {
      sum[i][v] = hn::LoadU(d, before + i * before_stride + v * lanes);
    }
  });
  auto ahead = Ahead<looks_ahead, T>::template of<round>(a);
  add_products<round>(d, a, values, a.first_channel, ahead, sum);
  // Or GCC keeps in registers what is read here, and what the loop needs elsewhere.
  std::atomic_signal_fence(std::memory_order_acq_rel);
  store_sums(d, a, sum);
}

/// Asks for the lines where a tile's sums will be stored.
template <class D, std::size_t P, std::size_t V, class T = hn::TFromD<D>>
HWY_INLINE void fetch_sums(const T* sums, std::int64_t stride) {
  constexpr std::size_t line = 64 / sizeof(T);
  for (std::size_t i = 0; i < P; ++i, sums += stride) {
    for (std::size_t k = 0; k < V * hn::Lanes(D()); k += line) {
      fetch_for_writing(sums + k);
    }
  }
}

/// store(vector, to) of every sum with its bias, which is in registers by then. Without the fence
/// GCC finds all addresses of every way to store before it chooses one, and keeps them in memory.
template <class D, class T, class Vector, std::size_t P, std::size_t V, class Store>
HWY_INLINE void store_each(D d, const TileArguments<T>& a, T* HWY_RESTRICT to,
                           const Vector (&sum)[P][V], Store&& store) {
  std::atomic_signal_fence(std::memory_order_acq_rel);
  const std::int64_t stride = a.sum_stride;
  Vector bias[V];
  for (std::size_t v = 0; v < V; ++v) {
    bias[v] = hn::LoadU(d, a.bias + v * hn::Lanes(d));
  }
  each_pixel<P>([&](std::size_t i) HWY_ATTR {
    for (std::size_t v = 0; v < V; ++v) {
      store(hn::Add(sum[i][v], bias[v]), to + v * hn::Lanes(d));
    }
    to += stride;
  });
}

/// All tiles of a call whose sums begin and end in registers. Short sums take a tenth less time so
/// than where each tile is a call that loads zeros: a processor finds more to do in advance.
template <Round round, bool looks_ahead, class D, std::size_t P, std::size_t V,
          template <class, std::size_t> class Pixels>
void whole_tiles(const TileArguments<hn::TFromD<D>>& a) {
  using T = hn::TFromD<D>;
  const D d;
  const Pixels<T, P> values(a);
  T* sums = a.sums;
  std::int64_t first = a.first_channel;
  auto ahead = Ahead<looks_ahead, T>::template of<round>(a);
  for (std::size_t left = a.tiles; left > 0; --left) {
    if (a.fetches && left > fetched_tiles) {
      fetch_sums<D, P, V>(sums + std::int64_t{fetched_tiles} * a.tile_sums, a.sum_stride);
    }
    hn::Vec<D> sum[P][V];
    each_pixel<P>([&](std::size_t i) HWY_ATTR {
      for (std::size_t v = 0; v < V; ++v) {
        sum[i][v] = hn::Zero(d);
      }
    });
    add_products<round>(d, a, values, first, ahead, sum);
    if (a.streams) {
      store_each(d, a, sums, sum, [d](auto v, T* to) HWY_ATTR { hn::Stream(v, d, to); });
    } else {
      store_each(d, a, sums, sum, [d](auto v, T* to) HWY_ATTR { hn::StoreU(v, d, to); });
    }
    first += a.tile_step;
    sums += a.tile_sums;
  }
}

/// What a call computes, in rounds. Tiles of one vector gain where sums are short; measured, those
/// of more than a hundred products lost 3 to 5%.
template <Round round, bool looks_ahead, class D, std::size_t P, std::size_t V,
          template <class, std::size_t> class Pixels>
void tiles_in_rounds(const TileArguments<hn::TFromD<D>>& a) {
  const bool gains = V > 1 || a.channels * static_cast<std::int64_t>(a.taps.size()) <= 64;
  if (gains && a.begins && a.bias != nullptr && a.idle_lanes == 0 && !a.taps.empty() &&
      a.channels > 0) {
    whole_tiles<round, looks_ahead, D, P, V, Pixels>(a);
    return;
  }
  if (a.tiles == 1) {
    tile<round, looks_ahead, D, P, V, Pixels>(a);
    return;
  }
  TileArguments<hn::TFromD<D>> one = a;
  for (std::size_t i = 0; i < a.tiles; ++i) {
    tile<round, looks_ahead, D, P, V, Pixels>(one);
    one.first_channel += a.tile_step;
    one.sums += a.tile_sums;
  }
}

/// Tiles of which the first ones ask for what is ahead, until there is nothing left to ask for.
template <Round round, class D, std::size_t P, std::size_t V,
          template <class, std::size_t> class Pixels>
std::size_t tiles_ahead(const TileArguments<hn::TFromD<D>>& a, std::size_t of_tile) {
  TileArguments<hn::TFromD<D>> some = a;
  some.tiles = HWY_MIN(a.tiles, (a.ahead.size() + of_tile - 1) / of_tile);
  tiles_in_rounds<round, true, D, P, V, Pixels>(some);
  const std::size_t asked = some.tiles * of_tile;
  if (some.tiles < a.tiles) {
    some.first_channel += static_cast<std::int64_t>(some.tiles) * a.tile_step;
    some.sums += static_cast<std::int64_t>(some.tiles) * a.tile_sums;
    some.tiles = a.tiles - some.tiles;
    tiles_in_rounds<round, false, D, P, V, Pixels>(some);
  }
  return asked;
}

/// All tiles of a call. Where nothing is ahead without a copy of what `a` says, which waits until
/// all of it is written: of sums with few products for a seventh of their time.
template <Round round, class D, std::size_t P, std::size_t V,
          template <class, std::size_t> class Pixels>
std::size_t all_tiles(const TileArguments<hn::TFromD<D>>& a) {
  using T = hn::TFromD<D>;
  if constexpr (may_look_ahead<T>(round, Pixels<T, P>::ends_row && V > 1)) {
    const std::size_t of_tile = ahead_of_tile<round>(a);
    if (of_tile > 0) {
      return tiles_ahead<round, D, P, V, Pixels>(a, of_tile);
    }
  }
  tiles_in_rounds<round, false, D, P, V, Pixels>(a);
  return 0;
}

/// Whether channels can be taken by four.
template <class T>
bool four_channels(const TileArguments<T>& a) {
  return a.all_taps == 1 && a.taps.size() == 1 && a.channels > 0 && a.channels % 4 == 0;
}

/// One or two taps are too few for a round.
template <class T>
Round round_of(const TileArguments<T>& a) {
  const std::size_t taps = a.taps.size();
  if (four_channels(a)) {
    return Round::four_channels;
  }
  if (taps < 3 || a.channels == 0) {
    return Round::one_tap;
  }
  if (taps == 9 && a.all_taps == 9) {
    return Round::nine_taps;
  }
  return taps % 3 == 0   ? Round::three_taps
         : taps % 5 == 0 ? Round::five_taps
         : taps % 4 == 0 ? Round::four_taps
                         : Round::one_tap;
}

/// Whether taps are rows of three whose first one leaves out the tile's first pixel, or whose last
/// one the last pixel, or both, as those of the first row do, and that read all others.
template <class T>
bool are_rows_of_three(const TileArguments<T>& a, bool has_first, bool has_last) {
  for (std::size_t t = 0; t < a.taps.size(); ++t) {
    const Reads wanted = has_first && t % 3 == 0  ? Reads::all_but_first
                         : has_last && t % 3 == 2 ? Reads::all_but_last
                                                  : Reads::all;
    if (a.reads[t] != wanted) {
      return false;
    }
  }
  return has_first || has_last;
}

/// Of the end of a row, or of all of it, of three taps in each of the kernel's rows.
template <class D, std::size_t P, std::size_t V, template <class, std::size_t> class Pixels>
std::size_t row_tiles(const TileArguments<hn::TFromD<D>>& a) {
  return a.taps.size() == 9 && a.all_taps == 9 ? all_tiles<Round::nine_taps, D, P, V, Pixels>(a)
                                               : all_tiles<Round::three_taps, D, P, V, Pixels>(a);
}

/// Of pixels that lie evenly. Tiles of one vector gain nothing by long rounds, but by taps that
/// share pixels.
template <class D, std::size_t P, std::size_t V, template <class, std::size_t> class Pixels>
std::size_t tiles(const TileArguments<hn::TFromD<D>>& a) {
  using T = hn::TFromD<D>;
  if constexpr (V > 1 && has_long_rounds<T>(P * V, V) && std::is_same_v<Pixels<T, P>, Even<T, P>>) {
    switch (round_of(a)) {
      case Round::one_tap:
      case Round::three_shared:
      case Round::five_shared:
        break;
      case Round::four_taps:
        return all_tiles<Round::four_taps, D, P, V, EvenInLongRounds>(a);
      case Round::three_taps:
        return all_tiles<Round::three_taps, D, P, V, EvenInLongRounds>(a);
      case Round::five_taps:
        return all_tiles<Round::five_taps, D, P, V, EvenInLongRounds>(a);
      case Round::nine_taps:
        return all_tiles<Round::nine_taps, D, P, V, EvenInLongRounds>(a);
      case Round::four_channels:
        return all_tiles<Round::four_channels, D, P, V, EvenInLongRounds>(a);
    }
  }
  if constexpr (V > 1 && has_long_rounds<T>(P * V, V) && Pixels<T, P>::ends_row) {
    const std::size_t count = a.taps.size();
    const bool in_threes = count > 0 && count % 3 == 0 && a.channels > 0;
    const bool has_first = in_threes && a.reads[0] == Reads::all_but_first;
    const bool has_last = in_threes && a.reads[2] == Reads::all_but_last;
    if (in_threes && are_rows_of_three(a, has_first, has_last)) {
      return has_first && has_last ? row_tiles<D, P, V, WholeRow>(a)
             : has_first           ? row_tiles<D, P, V, FirstOfRow>(a)
                                   : row_tiles<D, P, V, LastOfRow>(a);
    }
  }
  if constexpr (may_share_pixels<T>(P, V)) {
    constexpr bool ends_row = Pixels<T, P>::ends_row;
    if (shares_pixels<3, ends_row>(a)) {
      return all_tiles<Round::three_shared, D, P, V, Pixels>(a);
    }
    if (shares_pixels<5, ends_row>(a)) {
      return all_tiles<Round::five_shared, D, P, V, Pixels>(a);
    }
  }
  return all_tiles<Round::one_tap, D, P, V, Pixels>(a);
}

/// The only tile of a call.
template <class D, std::size_t P, std::size_t V>
std::size_t scattered_tile(const TileArguments<hn::TFromD<D>>& a) {
  constexpr Round round = Round::four_channels;
  if constexpr (V > 1 && has_long_rounds<hn::TFromD<D>>(P * V, V)) {
    if (four_channels(a)) {
      const std::size_t asked = ahead_of_tile<round>(a);
      if (asked > 0) {
        tile<round, true, D, P, V, ScatteredInLongRounds>(a);
      } else {
        tile<round, false, D, P, V, ScatteredInLongRounds>(a);
      }
      return asked;
    }
  }
  tile<Round::one_tap, false, D, P, V, Scattered>(a);
  return 0;
}

// Tiles of every number of pixels where they are few, then of what divides the most: each takes the
// compiler a quarter of a second. Sums of half a vector are soon too few to hide the latency of
// one, so that rows of 14, 28 or 56 pixels without those at the border are tiles of their own.
template <class T>
constexpr bool exists(std::size_t p, std::size_t v) {
  const bool narrow = v == 1 || v == half_vector;
  const bool of_rows = v == half_vector && (p == 13 || p > 24);
  const std::size_t step = v > 2 || p <= 7 || of_rows ? 1 : !narrow || p <= 14 ? 2 : 4;
  return p > 0 && p <= most_pixels_of<T>(v) && p % step == 0;
}

template <class D, std::size_t P, std::size_t V, template <class, std::size_t> class Pixels>
constexpr Tile<hn::TFromD<D>> tile_or_tiles() {
  if constexpr (Pixels<hn::TFromD<D>, P>::alike) {
    return tiles<D, P, V, Pixels>;
  } else {
    return scattered_tile<D, P, V>;
  }
}

template <class T, std::size_t V, std::size_t P, template <class, std::size_t> class Pixels>
constexpr Tile<T> tile_or_nothing() {
  using Whole = hn::ScalableTag<T>;
  if constexpr (!exists<T>(P, V) || !Pixels<T, P>::exists(V)) {
    return nullptr;
  } else if constexpr (V == half_vector) {
    return tile_or_tiles<hn::Half<Whole>, P, 1, Pixels>();
  } else {
    return tile_or_tiles<Whole, P, V, Pixels>();
  }
}

template <class T, template <class, std::size_t> class Pixels>
struct Tiles {
  template <std::size_t V, std::size_t... P>
  static constexpr std::array<Tile<T>, most_pixels + 1> of(std::index_sequence<P...>) {
    return {tile_or_nothing<T, V, P, Pixels>()...};
  }
  static constexpr TileTable<T> all() {
    constexpr auto pixels = std::make_index_sequence<most_pixels + 1>();
    return {{of<half_vector>(pixels), of<1>(pixels), of<2>(pixels), of<3>(pixels), of<4>(pixels)}};
  }
};

/// What a tile takes, about (tile_cycles.h): and a bit for the call, less where tiles are alike.
inline double cost_of(std::size_t pixels, std::size_t vectors) {
  constexpr double call = 0.25;
  constexpr double unevenness = 1e-4;
  const auto p = static_cast<double>(pixels);
  const double v = vectors == half_vector ? 1 : static_cast<double>(vectors);
  return tile_cycles(p, v, p + v) + call + unevenness * p * p;
}

/// Of tiles of so many vectors: see Kernels::next.
template <class T>
std::array<std::uint8_t, 2 * most_pixels> next_of(std::size_t vectors) {
  return next_tiles<most_pixels>([=](std::size_t p) { return exists<T>(p, vectors); },
                                 [=](std::size_t p) { return cost_of(p, vectors); });
}

template <class T>
Kernels<T> kernels_of() {
  return {
      .lanes = static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<T>())),
      .pixels = {most_pixels_of<T>(half_vector), most_pixels_of<T>(1), most_pixels_of<T>(2),
                 most_pixels_of<T>(3), most_pixels_of<T>(4)},
      .next = {next_of<T>(half_vector), next_of<T>(1), next_of<T>(2), next_of<T>(3), next_of<T>(4)},
      .tile = Tiles<T, Scattered>::all(),
      .even_tile = Tiles<T, Even>::all(),
      .row_tile = Tiles<T, AlongRow>::all(),
      .transpose = transpose<false, T>,
      .stream_transpose = transpose<true, T>,
  };
}

const Kernels<float>& table_of_floats() {
  static const Kernels<float> found = kernels_of<float>();
  return found;
}

const Kernels<double>& table_of_doubles() {
#if HWY_HAVE_FLOAT64
  static const Kernels<double> found = kernels_of<double>();
#else
  static const Kernels<double> found{};
#endif
  return found;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(table_of_floats);
HWY_EXPORT(table_of_doubles);

template <>
const Kernels<float>& kernels<float>() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(table_of_floats)();
}

template <>
const Kernels<double>& kernels<double>() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(table_of_doubles)();
}

}  // namespace conv2d::simd
#endif

// The sums of register tiles whose vectors run along pixels, and one step of them.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_PLANAR_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_PLANAR_SUMS_INL_H_
#undef CONV2D_SIMD_PLANAR_SUMS_INL_H_
#else
#define CONV2D_SIMD_PLANAR_SUMS_INL_H_
#endif

#include "simd/multiply_add-inl.h"
#include "simd/store_first-inl.h"
#include "simd/unroll-inl.h"

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <atomic>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The sums of a tile, k and j constants of unrolled loops.
template <class T, std::size_t K, std::size_t J>
struct PlanarSums {
  using D = hn::ScalableTag<T>;
  hn::Vec<D> sum[K][J];

  HWY_INLINE void clear() {
    unroll<K>([&](auto k)
                  HWY_ATTR { unroll<J>([&](auto j) HWY_ATTR { sum[k][j] = hn::Zero(D()); }); });
  }

  HWY_INLINE void load(const T* HWY_RESTRICT from, std::ptrdiff_t step) {
    unroll<K>([&](auto k) HWY_ATTR {
      unroll<J>([&](auto j) HWY_ATTR { sum[k][j] = hn::LoadU(D(), from + j * hn::Lanes(D())); });
      from += step;
    });
  }

  /// With what is at `from`, or with zeros where it is nullptr.
  HWY_INLINE void begin(const T* HWY_RESTRICT from, std::ptrdiff_t step) {
    if (from == nullptr) {
      clear();
    } else {
      load(from, step);
    }
  }

  /// Pixels of the tile that follows. Of many channels a processor does not guess them itself.
  static HWY_INLINE void prefetch_next(const T* HWY_RESTRICT pixels) {
    unroll<J>([&](auto j) HWY_ATTR { hwy::Prefetch(pixels + (J + j) * hn::Lanes(D())); });
  }

  /// One tap of one channel.
  HWY_INLINE void multiply_add(const T* HWY_RESTRICT pixels, const T* HWY_RESTRICT weights) {
    hn::Vec<D> x[J];
    unroll<J>([&](auto j) HWY_ATTR { x[j] = hn::LoadU(D(), pixels + j * hn::Lanes(D())); });
    unroll<K>([&](auto k) HWY_ATTR {
      const auto weight = hn::Set(D(), weights[k]);
      unroll<J>([&](auto j) HWY_ATTR { sum[k][j] = hn::MulAdd(weight, x[j], sum[k][j]); });
    });
  }

  HWY_INLINE void add(const T* HWY_RESTRICT bias) {
    unroll<K>([&](auto k) HWY_ATTR {
      const auto term = hn::Set(D(), bias[k]);
      unroll<J>([&](auto j) HWY_ATTR { sum[k][j] = hn::Add(sum[k][j], term); });
    });
  }

  /// Past the caches.
  HWY_INLINE void stream(T* HWY_RESTRICT to, std::ptrdiff_t step) const {
    unroll<K>([&](auto k) HWY_ATTR {
      unroll<J>([&](auto j) HWY_ATTR { hn::Stream(sum[k][j], D(), to + j * hn::Lanes(D())); });
      to += step;
    });
  }

  /// Of the last vectors only the first `last` elements.
  HWY_INLINE void store(T* HWY_RESTRICT to, std::ptrdiff_t step, std::size_t last) const {
    unroll<K>([&](auto k) HWY_ATTR {
      unroll<J - 1>([&](auto j) HWY_ATTR { hn::StoreU(sum[k][j], D(), to + j * hn::Lanes(D())); });
      store_first(sum[k][J - 1], D(), to + (J - 1) * hn::Lanes(D()), last);
      to += step;
    });
  }
};

/// One tap of a long round. Then a fence: a compiler would load pixels for which it has no
/// registers yet. Loops, for in closures within closures GCC 12 finds constants too late.
template <class T, std::size_t K, std::size_t J>
HWY_INLINE void take_step(PlanarSums<T, K, J>& sums, const T* pixels, const T* weights) {
  const hn::ScalableTag<T> d;
  hn::Vec<decltype(d)> x[J];
  for (std::size_t j = 0; j < J; ++j) {
    x[j] = hn::LoadU(d, pixels + j * hn::Lanes(d));
  }
  for (std::size_t k = 0; k < K; ++k) {
    const auto weight = hn::Set(d, weights[k]);
    for (std::size_t j = 0; j < J; ++j) {
      multiply_add_to(sums.sum[k][j], weight, x[j]);
    }
  }
  std::atomic_signal_fence(std::memory_order_acq_rel);
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

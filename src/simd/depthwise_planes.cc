// Rolling, as in depthwise_rows.cc: the sums of all output rows that an input row touches are in
// registers, and no input row is loaded twice. Where a plane begins and ends fewer outputs are
// touched, and nothing is computed for those that are not there: of 14 rows and 5 taps a fifth of
// all products would be.
//
// The tap in the middle is a vector as it was loaded, the others are permuted from it: beside
// multiply-adds a permutation of one vector costs nothing on Zen 4, while loads that cross a cache
// line, as rows of 14 columns do, cost two, and permutations that read two vectors and their
// indices more. What lies beyond a row's ends is a zero that a mask makes, and no copy has to be
// made for.
#include "simd/depthwise_planes.h"

#include "simd/dispatch.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/depthwise_planes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
namespace hn = hwy::HWY_NAMESPACE;

using PlaneTag = hn::FixedTag<float, plane_lanes>;
using PlaneVector = hn::Vec<PlaneTag>;
using PlaneMask = hn::Mask<PlaneTag>;

HWY_INLINE PlaneMask plane_mask(std::uint16_t bits) {
  return PlaneMask{static_cast<decltype(PlaneMask::raw)>(bits)};
}

HWY_INLINE PlaneVector permuted(PlaneVector from, const std::int32_t* index) {
  return hn::TableLookupLanes(from, hn::SetTableIndices(PlaneTag(), index));
}

/// Elements 0, 2, 0, 2 of every four of both vectors, or 1, 3, 1, 3.
HWY_INLINE PlaneVector evens(PlaneVector a, PlaneVector b) {
  return PlaneVector{_mm512_shuffle_ps(a.raw, b.raw, 0x88)};
}
HWY_INLINE PlaneVector odds(PlaneVector a, PlaneVector b) {
  return PlaneVector{_mm512_shuffle_ps(a.raw, b.raw, 0xDD)};
}

/// The index-th number, of all lanes; of two planes that of each.
template <bool Two>
HWY_INLINE PlaneVector of_planes(const float* from, std::size_t index) {
  if constexpr (Two) {
    return hn::LoadDup128(PlaneTag(), from + 4 * index);
  } else {
    return hn::Set(PlaneTag(), from[index]);
  }
}

/// The taps of a row.
template <std::size_t S, std::size_t Stride, bool Two>
class PlaneTaps {
 public:
  HWY_INLINE PlaneTaps(const PlaneLanes& lanes, std::ptrdiff_t second)
      : begin_(lanes.begin),
        second_(second),
        first_mask_(plane_mask(lanes.first_mask)),
        second_mask_(plane_mask(lanes.second_mask)) {
    unroll<S>([&](auto s) HWY_ATTR {
      source_[s] = hn::SetTableIndices(PlaneTag(), lanes.source[s].data());
      mask_[s] = plane_mask(lanes.mask[s]);
    });
  }

  HWY_INLINE void load(const float* row, PlaneVector (&x)[S]) const {
    constexpr std::size_t middle = S / 2;
    const PlaneVector first = hn::MaskedLoad(first_mask_, PlaneTag(), row + begin_);
    if constexpr (Stride == 1 && !Two) {
      unroll<S>([&](auto s) HWY_ATTR { x[s] = s == middle ? first : take<s>(first); });
      return;
    }
    const PlaneVector second = hn::MaskedLoad(second_mask_, PlaneTag(), row + begin_ + second_);
    if constexpr (Stride == 1) {
      const PlaneVector both = hn::Or(first, second);
      unroll<S>([&](auto s) HWY_ATTR { x[s] = take<s>(both); });
    } else {
      const PlaneVector even = evens(first, second);
      const PlaneVector odd = odds(first, second);
      unroll<S>([&](auto s) HWY_ATTR {
        if constexpr (s == middle || s == middle + 1) {
          x[s] = s == middle ? even : odd;
        } else {
          x[s] = take<s>((s + middle) % 2 == 0 ? even : odd);
        }
      });
    }
  }

 private:
  template <std::size_t Tap>
  HWY_INLINE PlaneVector take(PlaneVector from) const {
    return hn::IfThenElseZero(mask_[Tap], hn::TableLookupLanes(from, source_[Tap]));
  }

  std::ptrdiff_t begin_;
  std::ptrdiff_t second_;
  PlaneMask first_mask_;
  PlaneMask second_mask_;
  decltype(hn::SetTableIndices(PlaneTag(), static_cast<const std::int32_t*>(nullptr))) source_[S];
  PlaneMask mask_[S];
};

/// Where results go.
template <bool Permutes, bool Two>
class PlaneStore {
 public:
  HWY_INLINE explicit PlaneStore(const DepthwisePlane& a)
      : second_(a.to_second - static_cast<std::ptrdiff_t>(half_lanes)),
        step_(a.to_step),
        mask_(plane_mask(a.lanes.store_mask)),
        second_mask_(plane_mask(a.lanes.second_store_mask)) {}

  HWY_INLINE void begin(float* to, const float* bias, std::size_t plane) {
    to_ = to;
    bias_ = of_planes<Two>(bias, plane);
  }

  HWY_INLINE void next(PlaneVector sum) {
    alignas(64) static constexpr std::int32_t order[plane_lanes] = {0, 1, 4, 5, 8,  9,  12, 13,
                                                                    2, 3, 6, 7, 10, 11, 14, 15};
    PlaneVector y = hn::Add(sum, bias_);
    if constexpr (Permutes) {
      y = permuted(y, order);
    }
    hn::BlendedStore(y, mask_, PlaneTag(), to_);
    if constexpr (Two) {
      hn::BlendedStore(y, second_mask_, PlaneTag(), to_ + second_);
    }
    to_ += step_;
  }

 private:
  float* to_ = nullptr;
  std::ptrdiff_t second_;
  std::ptrdiff_t step_;
  PlaneMask mask_;
  PlaneMask second_mask_;
  PlaneVector bias_;
};

/// The output rows under way, the newest last.
template <std::size_t R, std::size_t Stride, bool Two>
class PlaneSums {
 public:
  static constexpr std::size_t under_way = (R + Stride - 1) / Stride;
  /// Weights that are kept in registers: all, or of pairs, whose products cannot load their weights
  /// themselves, as many as there are registers left.
  static constexpr std::size_t keeps = R == 3 ? 9 : Stride == 2 && Two ? 14 : 0;

  HWY_INLINE PlaneSums(const DepthwisePlane& a, const PlaneTaps<R, Stride, Two>& taps,
                       std::size_t i)
      : taps_(taps),
        plane_(a.plane + static_cast<std::ptrdiff_t>(i) * a.plane_step),
        rows_(a.rows),
        weights_(a.weights + i * R * R * (Two ? 4 : 1)) {
    unroll<under_way>([&](auto n) HWY_ATTR { sum_[n] = hn::Zero(PlaneTag()); });
    unroll<keeps>([&](auto t) HWY_ATTR { kept_[t] = of_planes<Two>(weights_, t); });
  }

  /// Input rows up to the first that the next output reads; of the sums only `First` to `Last` are
  /// outputs.
  template <std::size_t First, std::size_t Last>
  HWY_INLINE void add_rows() {
    unroll<Stride>([&](auto e) HWY_ATTR { add_row<e, First, Last>(rows_[e]); });
    rows_ += Stride;
  }

  HWY_INLINE PlaneVector oldest() const { return sum_[0]; }

  HWY_INLINE void move_up() {
    unroll<under_way - 1>([&](auto n) HWY_ATTR { sum_[n] = sum_[n + 1]; });
    sum_[under_way - 1] = hn::Zero(PlaneTag());
  }

 private:
  /// Tap E of the newest output, E + Stride of the one before it, ...
  template <std::size_t E, std::size_t First, std::size_t Last>
  HWY_INLINE void add_row(std::ptrdiff_t row) {
    constexpr std::size_t touched = (R - E + Stride - 1) / Stride;
    constexpr std::size_t from = std::max(First, under_way - touched);
    if constexpr (from <= Last) {
      if (HWY_UNLIKELY(row == no_row)) {
        return;
      }
      PlaneVector x[R];
      taps_.load(plane_ + row, x);
      unroll<R>([&](auto s) HWY_ATTR {
        unroll<Last - from + 1>([&](auto i) HWY_ATTR {
          constexpr std::size_t n = Last - i;
          constexpr std::size_t tap = s * R + E + Stride * (under_way - 1 - n);
          sum_[n] = hn::MulAdd(weight<tap>(), x[s], sum_[n]);
        });
      });
    }
  }

  template <std::size_t Tap>
  HWY_INLINE PlaneVector weight() const {
    if constexpr (Tap < keeps) {
      return kept_[Tap];
    } else {
      return of_planes<Two>(weights_, Tap);
    }
  }

  const PlaneTaps<R, Stride, Two>& taps_;
  const float* plane_;
  const std::ptrdiff_t* rows_;
  const float* weights_;
  PlaneVector kept_[keeps > 0 ? keeps : 1];
  PlaneVector sum_[under_way];
};

template <std::size_t R, std::size_t Stride, bool Two>
HWY_INLINE void one_plane(std::size_t count, PlaneSums<R, Stride, Two>& sums,
                          PlaneStore<(Stride > 1 || Two), Two>& store) {
  constexpr std::size_t last = PlaneSums<R, Stride, Two>::under_way - 1;
  unroll<last>([&](auto begun) HWY_ATTR {
    sums.template add_rows<last - begun, last>();
    sums.move_up();
  });
  for (std::size_t i = last; i < count; ++i) {
    sums.template add_rows<0, last>();
    store.next(sums.oldest());
    sums.move_up();
  }
  unroll<last>([&](auto done) HWY_ATTR {
    sums.template add_rows<0, last - 1 - done>();
    store.next(sums.oldest());
    sums.move_up();
  });
}

template <std::size_t R, std::size_t Stride, bool Two>
void depthwise_plane(const DepthwisePlane& a) {
  const PlaneTaps<R, Stride, Two> taps(a.lanes, a.second);
  PlaneStore<(Stride > 1 || Two), Two> store(a);
  const std::size_t count = a.count;
  for (std::size_t i = 0; i < a.planes; ++i) {
    PlaneSums<R, Stride, Two> sums(a, taps, i);
    store.begin(a.to + static_cast<std::ptrdiff_t>(i) * a.to_plane_step, a.bias, i);
    one_plane(count, sums, store);
  }
}

template <std::size_t R, std::size_t Stride>
constexpr std::array<RunDepthwisePlane, 2> plane_loops = {depthwise_plane<R, Stride, false>,
                                                          depthwise_plane<R, Stride, true>};

constexpr DepthwisePlanesKernels plane_kernels = {
    true, {{{plane_loops<3, 1>, plane_loops<3, 2>}, {plane_loops<5, 1>, plane_loops<5, 2>}}}};
#else
constexpr DepthwisePlanesKernels plane_kernels{};
#endif

const DepthwisePlanesKernels& depthwise_planes() { return plane_kernels; }

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(depthwise_planes);

const DepthwisePlanesKernels& depthwise_planes_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(depthwise_planes)();
}

}  // namespace conv2d::simd
#endif

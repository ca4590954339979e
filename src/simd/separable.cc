// Several vectors of a row's outputs at once: each tap is loaded once for all of them, and their
// sums do not wait for each other.
#include "simd/separable.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/separable.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/store_first-inl.h"
#include "simd/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;

/// One row, from left to right.
struct RowPart {
  const float* HWY_RESTRICT from;
  float* HWY_RESTRICT to;
  std::size_t columns;  ///< that are still to come
};

/// The next J vectors; the last of them may be stored in part. Zero times each result is added to
/// `seen`, which is NaN after one that is not finite.
template <std::size_t J>
HWY_INLINE void filter_vectors(const RowFilter& a, RowPart& row, hn::Vec<Floats>& seen) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<Floats> sum[J];
  unroll<J>([&](auto j) HWY_ATTR { sum[j] = hn::Zero(d); });
  const float* HWY_RESTRICT from = row.from;
  for (const float tap : a.taps) {
    const auto w = hn::Set(d, tap);
    unroll<J>([&](auto j)
                  HWY_ATTR { sum[j] = hn::MulAdd(w, hn::LoadU(d, from + j * lanes), sum[j]); });
    from += a.tap_step;
  }
  const auto bias = hn::Set(d, a.bias);
  unroll<J>([&](auto j) HWY_ATTR {
    sum[j] = hn::Add(sum[j], bias);
    seen = hn::MulAdd(sum[j], hn::Zero(d), seen);
  });
  unroll<J - 1>([&](auto j) HWY_ATTR { hn::StoreU(sum[j], d, row.to + j * lanes); });
  const std::size_t before = (J - 1) * lanes;
  const std::size_t last = row.columns - before < lanes ? row.columns - before : lanes;
  store_first(sum[J - 1], d, row.to + before, last);
  row.from += J * lanes;
  row.to += J * lanes;
  row.columns -= before + last;
}

bool filter_rows(const RowFilter& a) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  auto seen = hn::Zero(d);
  for (std::size_t i = 0; i < a.rows; ++i) {
    const auto step = static_cast<std::ptrdiff_t>(i);
    RowPart row{a.from + step * a.from_step, a.to + step * a.to_step, a.columns};
    while (row.columns > 7 * lanes) {
      filter_vectors<8>(a, row, seen);
    }
    if (row.columns > 3 * lanes) {
      filter_vectors<4>(a, row, seen);
    }
    if (row.columns > lanes) {
      filter_vectors<2>(a, row, seen);
    }
    if (row.columns > 0) {
      filter_vectors<1>(a, row, seen);
    }
  }
  return hn::AllTrue(d, hn::Eq(seen, hn::Zero(d)));
}

const SeparableKernels& separable_table() {
  static const SeparableKernels found = {filter_rows};
  return found;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(separable_table);

const SeparableKernels& separable_kernels() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(separable_table)();
}

}  // namespace conv2d::simd
#endif

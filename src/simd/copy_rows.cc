#include "simd/copy_rows.h"

#include "simd/dispatch.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/copy_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Fewer elements than a vector has.
template <class T>
HWY_INLINE void copy_few(const T* HWY_RESTRICT from, T* HWY_RESTRICT to, std::size_t count) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  const hn::ScalableTag<T> d;
  const auto mask = hn::FirstN(d, count);
  hn::BlendedStore(hn::MaskedLoad(mask, d, from), mask, d, to);
#else
  const hn::CappedTag<T, HWY_MAX_BYTES / 2 / sizeof(T)> d;
  const std::size_t half = hn::Lanes(d);
  if (count >= half) {
    const auto low = hn::LoadU(d, from);
    const auto high = hn::LoadU(d, from + (count - half));
    hn::StoreU(low, d, to);
    hn::StoreU(high, d, to + (count - half));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = from[i];
  }
#endif
}

template <class T>
HWY_INLINE void copy_side_by_side(const T* HWY_RESTRICT from, T* HWY_RESTRICT to,
                                  std::size_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  if (count < lanes) {
    copy_few(from, to, count);
    return;
  }
  for (std::size_t i = 0; i + lanes < count; i += lanes) {
    hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  }
  hn::StoreU(hn::LoadU(d, from + (count - lanes)), d, to + (count - lanes));
}

/// Of Stride vectors, a power of two, every Stride-th element: from the first on, or up to the
/// last.
template <std::size_t Stride, bool UpToLast, class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> every(D d, const T* HWY_RESTRICT from) {
  if constexpr (Stride == 1) {
    return hn::LoadU(d, from);
  } else {
    const auto low = every<Stride / 2, UpToLast>(d, from);
    const auto high = every<Stride / 2, UpToLast>(d, from + Stride / 2 * hn::Lanes(d));
    return UpToLast ? hn::ConcatOdd(d, high, low) : hn::ConcatEven(d, high, low);
  }
}

template <class T>
HWY_INLINE void copy_one_by_one(const T* HWY_RESTRICT from, std::ptrdiff_t stride,
                                T* HWY_RESTRICT to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i, from += stride) {
    to[i] = *from;
  }
}

/// Nothing behind the last element is read: the last vector is what ends with it.
template <std::size_t Stride, class T>
HWY_INLINE void copy_every(const T* HWY_RESTRICT from, T* HWY_RESTRICT to, std::size_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  if (count <= lanes) {
    copy_one_by_one(from, Stride, to, count);
    return;
  }
  for (std::size_t i = 0; i + lanes < count; i += lanes) {
    hn::StoreU(every<Stride, false>(d, from + Stride * i), d, to + i);
  }
  const std::size_t last = count - lanes;
  hn::StoreU(every<Stride, true>(d, from + (Stride * last - (Stride - 1))), d, to + last);
}

template <class T>
void copy_rows(const CopyRows<T>& a) {
  const T* from = a.from;
  T* to = a.to;
  for (std::size_t row = 0; row < a.rows && a.count > 0; ++row) {
    switch (a.stride) {
      case 1:
        copy_side_by_side(from, to, a.count);
        break;
      case 2:
        copy_every<2>(from, to, a.count);
        break;
      case 4:
        copy_every<4>(from, to, a.count);
        break;
      default:
        copy_one_by_one(from, a.stride, to, a.count);
    }
    from += a.from_step;
    to += a.to_step;
  }
}

template <class T>
HWY_INLINE void split_pair(const T* HWY_RESTRICT from, T* HWY_RESTRICT even, T* HWY_RESTRICT odd) {
  const hn::ScalableTag<T> d;
  const auto low = hn::LoadU(d, from);
  const auto high = hn::LoadU(d, from + hn::Lanes(d));
  hn::StoreU(hn::ConcatEven(d, high, low), d, even);
  hn::StoreU(hn::ConcatOdd(d, high, low), d, odd);
}

/// The end of a row of `count` elements that does not fill a pair of vectors.
template <class T>
class SplitEnd {
 public:
  using D = hn::ScalableTag<T>;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  explicit SplitEnd(std::size_t count)
      : first_(count - count % (2 * hn::Lanes(D()))),
        low_(hn::FirstN(D(), count - first_)),
        high_(hn::FirstN(D(), count - std::min(count, first_ + hn::Lanes(D())))),
        even_(hn::FirstN(D(), (count - first_ + 1) / 2)),
        odd_(hn::FirstN(D(), (count - first_) / 2)) {}

  HWY_INLINE void split(const T* HWY_RESTRICT from, T* HWY_RESTRICT even,
                        T* HWY_RESTRICT odd) const {
    const auto low = hn::MaskedLoad(low_, D(), from + first_);
    const auto high = hn::MaskedLoad(high_, D(), from + first_ + hn::Lanes(D()));
    hn::BlendedStore(hn::ConcatEven(D(), high, low), even_, D(), even + first_ / 2);
    hn::BlendedStore(hn::ConcatOdd(D(), high, low), odd_, D(), odd + first_ / 2);
  }

 private:
  std::size_t first_;
  hn::Mask<D> low_, high_, even_, odd_;
#else
  /// In a row that is long enough the last pair of vectors splits some elements again.
  explicit SplitEnd(std::size_t count)
      : count_(count), again_(count >= 2 * hn::Lanes(D())), first_(again_ ? count / 2 * 2 : 0) {}

  HWY_INLINE void split(const T* HWY_RESTRICT from, T* HWY_RESTRICT even,
                        T* HWY_RESTRICT odd) const {
    if (again_) {
      const std::size_t first = first_ / 2 - hn::Lanes(D());
      split_pair(from + 2 * first, even + first, odd + first);
    }
    for (std::size_t i = first_; i < count_; ++i) {
      (i % 2 == 0 ? even : odd)[i / 2] = from[i];
    }
  }

 private:
  std::size_t count_;
  bool again_;
  std::size_t first_;
#endif
};

template <class T>
void split_rows(const SplitRows<T>& a) {
  const std::size_t pair = 2 * hn::Lanes(hn::ScalableTag<T>());
  const std::size_t whole = a.count / pair * pair;
  const SplitEnd<T> end(a.count);
  const T* from = a.from;
  T* even = a.even;
  T* odd = a.odd;
  for (std::size_t row = 0; row < a.rows; ++row) {
    for (std::size_t i = 0; i < whole; i += pair) {
      split_pair(from + i, even + i / 2, odd + i / 2);
    }
    if (whole < a.count) {
      end.split(from, even, odd);
    }
    from += a.from_step;
    even += a.to_step;
    odd += a.to_step;
  }
}

/// As many vectors as there are ways.
template <std::size_t Ways, class T>
HWY_INLINE void deal_vectors(const T* HWY_RESTRICT from, T* HWY_RESTRICT to,
                             std::ptrdiff_t way_step) {
  if constexpr (Ways == 2) {
    split_pair(from, to, to + way_step);
  } else {
    const hn::ScalableTag<T> d;
    const std::size_t lanes = hn::Lanes(d);
    const auto first = hn::LoadU(d, from);
    const auto second = hn::LoadU(d, from + lanes);
    const auto third = hn::LoadU(d, from + 2 * lanes);
    const auto fourth = hn::LoadU(d, from + 3 * lanes);
    const auto even_low = hn::ConcatEven(d, second, first);
    const auto odd_low = hn::ConcatOdd(d, second, first);
    const auto even_high = hn::ConcatEven(d, fourth, third);
    const auto odd_high = hn::ConcatOdd(d, fourth, third);
    hn::StoreU(hn::ConcatEven(d, even_high, even_low), d, to);
    hn::StoreU(hn::ConcatEven(d, odd_high, odd_low), d, to + way_step);
    hn::StoreU(hn::ConcatOdd(d, even_high, even_low), d, to + 2 * way_step);
    hn::StoreU(hn::ConcatOdd(d, odd_high, odd_low), d, to + 3 * way_step);
  }
}

/// Where the last vectors are not whole they deal some elements again.
template <std::size_t Ways, class T>
void deal(const DealRows<T>& a) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  const T* from = a.from;
  T* to = a.to;
  for (std::size_t row = 0; row < a.rows; ++row, from += a.from_step, to += a.to_step) {
    if (a.count < lanes) {
      for (std::size_t way = 0; way < Ways; ++way) {
        copy_one_by_one(from + way, Ways, to + static_cast<std::ptrdiff_t>(way) * a.way_step,
                        a.count);
      }
      continue;
    }
    for (std::size_t i = 0; i + lanes < a.count; i += lanes) {
      deal_vectors<Ways>(from + Ways * i, to + i, a.way_step);
    }
    const std::size_t last = a.count - lanes;
    deal_vectors<Ways>(from + Ways * last, to + last, a.way_step);
  }
}

template <class T>
void deal_rows(const DealRows<T>& a) {
  a.ways == 2 ? deal<2>(a) : deal<4>(a);
}

template <class T>
constexpr RowCopies<T> row_copies_of = {copy_rows<T>, split_rows<T>, deal_rows<T>};

const RowCopies<float>& copies_of_floats() { return row_copies_of<float>; }

const RowCopies<double>& copies_of_doubles() {
#if HWY_HAVE_FLOAT64
  return row_copies_of<double>;
#else
  static constexpr RowCopies<double> copies{};
  return copies;
#endif
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace conv2d::simd {

HWY_EXPORT(copies_of_floats);
HWY_EXPORT(copies_of_doubles);

template <>
const RowCopies<float>& row_copies() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(copies_of_floats)();
}

template <>
const RowCopies<double>& row_copies() noexcept {
  prepare();
  return HWY_DYNAMIC_DISPATCH(copies_of_doubles)();
}

}  // namespace conv2d::simd
#endif

// The store of a row's last vector, of which not all elements belong to the row.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_STORE_FIRST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_STORE_FIRST_INL_H_
#undef CONV2D_SIMD_STORE_FIRST_INL_H_
#else
#define CONV2D_SIMD_STORE_FIRST_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Stores the first `count` elements and touches no byte beyond them. AVX2 has a masked store, but
/// AMD's processors take some forty steps for it.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void store_first(V vector, D d, T* HWY_RESTRICT to, std::size_t count) {
  if (HWY_LIKELY(count == hn::Lanes(d))) {
    hn::StoreU(vector, d, to);
    return;
  }
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  hn::BlendedStore(vector, hn::FirstN(d, count), d, to);
#else
  HWY_ALIGN T all[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(vector, d, all);
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = all[i];
  }
#endif
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

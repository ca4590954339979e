// Loops that are unrolled before the compiler looks for registers: an array that is only indexed by
// constants becomes single variables, so that a tile's sums are never in memory. Loops written as
// such are unrolled too, but later, when GCC has given the array its place on the stack.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_UNROLL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_UNROLL_INL_H_
#undef CONV2D_SIMD_UNROLL_INL_H_
#else
#define CONV2D_SIMD_UNROLL_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <type_traits>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {

template <class Body, std::size_t... I>
HWY_INLINE void unroll_indices(std::index_sequence<I...>, Body&& body) {
  (body(std::integral_constant<std::size_t, I>{}), ...);
}

/// Calls body(std::integral_constant<std::size_t, i>{}) for i = 0 .. N-1.
template <std::size_t N, class Body>
HWY_INLINE void unroll(Body&& body) {
  unroll_indices(std::make_index_sequence<N>(), body);
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

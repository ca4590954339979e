// Which register tiles take several steps between two jumps (round.h).
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_LONG_ROUNDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_LONG_ROUNDS_INL_H_
#undef CONV2D_SIMD_LONG_ROUNDS_INL_H_
#else
#define CONV2D_SIMD_LONG_ROUNDS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {

// AVX-512 and NEON have 32.
#if (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) || HWY_ARCH_ARM
constexpr std::size_t vector_registers = 32;
#else
constexpr std::size_t vector_registers = 16;
#endif

/// Whether a tile of so many sums, and vectors by which they are multiplied, gains by long rounds
/// and is worth the compiler's time: of float32 numbers, with sums enough not to wait for each
/// other, and one register more left to GCC than it needs.
template <class T>
constexpr bool has_long_rounds(std::size_t sums, std::size_t vectors) {
  return sizeof(T) == sizeof(float) && 16 * sums >= 7 * vector_registers &&
         sums + vectors + 2 <= vector_registers;
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

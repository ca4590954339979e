// A multiply-add whose sum stays in its register.
//
// Included once for each instruction set, as Highway does it.
#if defined(CONV2D_SIMD_MULTIPLY_ADD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONV2D_SIMD_MULTIPLY_ADD_INL_H_
#undef CONV2D_SIMD_MULTIPLY_ADD_INL_H_
#else
#define CONV2D_SIMD_MULTIPLY_ADD_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace conv2d::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// sum += a * b, rounded once where the processor has it, to the bits of hn::MulAdd. x86 has three
/// instructions for it, which overwrite any of the three numbers: where steps follow each other
/// without a jump GCC chooses between them, overwrites factors, and moves sums from register to
/// register and to the stack.
template <class V>
HWY_INLINE void multiply_add_to(V& sum, V a, V b) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  // By a variable of its own: an element of an array whose address is taken here is in memory.
  auto in_register = sum.raw;
  if constexpr (sizeof(hn::TFromV<V>) == sizeof(float)) {
    asm("vfmadd231ps %2, %1, %0" : "+v"(in_register) : "v"(a.raw), "v"(b.raw));
  } else {
    asm("vfmadd231pd %2, %1, %0" : "+v"(in_register) : "v"(a.raw), "v"(b.raw));
  }
  sum = V{in_register};
#else
  sum = hn::MulAdd(a, b, sum);
#endif
}

/// sum += *number * weight if `there` is such a number; else it may lie outside of all memory. The
/// jump is hidden from compilers: around one that it sees GCC keeps a sum in memory.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE void multiply_add_if(bool there, [[maybe_unused]] D d, V& sum, const T* number,
                                V weight) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  static_assert(sizeof(T) == sizeof(float));
  auto in_register = sum.raw;
  auto value = weight.raw;
  asm("testb %b3, %b3\n\t"
      "je 1f\n\t"
      "vbroadcastss %4, %1\n\t"
      "vfmadd231ps %1, %2, %0\n"
      "1:"
      : "+v"(in_register), "=&v"(value)
      : "v"(weight.raw), "q"(there), "m"(*number)
      : "cc");
  sum = V{in_register};
#else
  if (there) {
    sum = hn::MulAdd(hn::Set(d, *number), weight, sum);
  }
#endif
}

}  // namespace conv2d::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled guard

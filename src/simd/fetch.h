// Lines of a cache that will be written or read soon, asked for before.
#pragma once

#include <cstddef>

namespace conv2d::simd {

/// Only where vectors have fused multiply-adds: older processors may not know the instruction.
/// Compilers make it a fetch for reading there unless they are told that every processor knows it,
/// which has half the effect.
inline void fetch_for_writing(const void* to) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(to)));
#else
  __builtin_prefetch(to, 1);
#endif
}

/// Into the second cache. Not by the compilers' own function where there is an instruction: GCC
/// takes a function that does nothing else for one without effect, and leaves out its calls.
inline void fetch_for_reading(const void* from) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetcht1 %0" : : "m"(*static_cast<const char*>(from)));
#elif defined(__aarch64__)
  asm volatile("prfm pldl2keep, [%0]" : : "r"(from));
#else
  __builtin_prefetch(from, 0, 2);
#endif
}

/// Line by line up to `end`, and moves `from` there. The loop is hidden from compilers: around one
/// that it sees GCC keeps sums of register tiles in memory.
template <class T>
void fetch_for_reading_until(const T*& from, const T* end) noexcept {
#if defined(__x86_64__)
  asm volatile(
      "jmp 2f\n"
      "1:\tprefetcht1 (%0)\n\t"
      "add $64, %0\n"
      "2:\tcmp %1, %0\n\t"
      "jb 1b"
      : "+r"(from)
      : "r"(end)
      : "cc");
#else
  constexpr auto line = static_cast<std::ptrdiff_t>(64 / sizeof(T));
  for (; from < end; from += line) {
    fetch_for_reading(from);
  }
#endif
}

/// So many elements, line by line.
template <class T>
void fetch_for_reading(const T* from, std::ptrdiff_t count) noexcept {
  fetch_for_reading_until(from, from + count);
}

/// Into the first one, for what is read next.
inline void fetch_for_reading_next(const void* from) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(from)));
#elif defined(__aarch64__)
  asm volatile("prfm pldl1keep, [%0]" : : "r"(from));
#else
  __builtin_prefetch(from, 0, 3);
#endif
}

}  // namespace conv2d::simd
